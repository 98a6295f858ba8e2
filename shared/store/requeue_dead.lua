#!lua flags=allow-oom
-- Puts a dead task back into its lane as if it were new; only its fence goes on. Works once for a letter. An ended
-- case still takes the answer as a late one (a revision), so that only a cancelled or forgotten one refuses. A task
-- whose deadline is over gets as much time as its case had.
-- KEYS  dead, requeued (a mark that this letter was), counters, wanted
-- ARGV  letter, case key prefix, lane key prefix, channel, how long the mark stays in ms
-- Returns {disposition, ref, deadline or 0}; dispositions are those of RequeuedLetter (messages.h)
local ref = redis.call('GET', KEYS[2])
if ref then return {'before', ref, 0} end
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then return {'unknown', '', 0} end
ref = letter[2][2]
local id, task = string.match(ref, '^([^|]+)|(.+)$')
local case = ARGV[2] .. id
local f = redis.call('HMGET', case, 'state', 's:' .. task, 'd:' .. task, 'accepted_ms', 'deadline_ms')
if not f[1] then return {'gone', ref, 0} end
if f[1] == 'cancelled' then return {'cancelled', ref, 0} end
if f[2] ~= 'dead' then return {'ended', ref, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = tonumber(f[3])
if deadline <= now then deadline = now + math.max(1, tonumber(f[5]) - tonumber(f[4])) end
local stage, model = string.match(task, '^(%a+)|%d+|(.+)$')
local entry = redis.call('XADD', ARGV[3] .. stage .. ':' .. model, '*', 't', ref)
redis.call('HSET', case, 's:' .. task, 'pending', 'e:' .. task, entry, 'd:' .. task, string.format('%d', deadline))
redis.call('HDEL', case, 'a:' .. task, 'c:' .. task, 'o:' .. task, 't:' .. task, 'x:' .. task)
redis.call('HINCRBY', case, 'v', 1)
-- The record must be there when the answer comes.
local left = redis.call('PTTL', case)
if left >= 0 and left < deadline - now + 3600000 then redis.call('PEXPIRE', case, deadline - now + 3600000) end
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ref, 'PX', ARGV[5])
redis.call('HINCRBY', KEYS[3], 'requeued', 1)
if redis.call('HDEL', KEYS[4], 'lane ' .. model) == 1 then redis.call('PUBLISH', ARGV[4], 'lane ' .. model) end
return {'requeued', ref, deadline}
