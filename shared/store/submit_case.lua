-- Accepts a case: writes its record, one generate task per model and its first timer, or nothing.
-- KEYS  case, timers, counters, wanted, index, lane of each model ...
-- ARGV  id, digest, live_cases_max, deadline_ms, answers_ms (both from now), channel, case key prefix, model count,
--       model ..., then field, value ... of the record
-- Returns {"accepted", now, deadline} | {"duplicate", state, accepted_ms, deadline_ms} | {"conflict"} | {"full", live}
local digest = redis.call('HGET', KEYS[1], 'digest')
if digest then
  if digest ~= ARGV[2] then
    redis.pcall('HINCRBY', KEYS[3], 'conflict', 1)
    return {'conflict'}
  end
  redis.pcall('HINCRBY', KEYS[3], 'duplicate', 1)  -- without memory it is not counted, but answered
  return {'duplicate', redis.call('HGET', KEYS[1], 'state'), redis.call('HGET', KEYS[1], 'accepted_ms'),
          redis.call('HGET', KEYS[1], 'deadline_ms'), redis.call('HGET', KEYS[1], 'ensemble')}
end
local live = redis.call('ZCARD', KEYS[2])
if live >= tonumber(ARGV[3]) then return {'full', live} end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = now + tonumber(ARGV[4])
local models = tonumber(ARGV[8])
local fields = {'digest', ARGV[2], 'state', 'accepted', 'v', 1, 'rev', 0,
                'accepted_ms', string.format('%d', now), 'deadline_ms', string.format('%d', deadline)}
for i = 9 + models, #ARGV do fields[#fields + 1] = ARGV[i] end
for i = 1, models do
  local task = 'generate|1|' .. ARGV[8 + i]
  local entry = redis.call('XADD', KEYS[5 + i], '*', 't', ARGV[1] .. '|' .. task)
  for _, value in ipairs({'s:' .. task, 'pending', 'e:' .. task, entry, 'd:' .. task, string.format('%d', deadline)}) do
    fields[#fields + 1] = value
  end
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('ZADD', KEYS[2], string.format('%d', now + tonumber(ARGV[5])), ARGV[1])
redis.call('HINCRBY', KEYS[3], 'accepted', 1)
-- Two for one: without anybody who lists, the index has at most about twice as many members as there are records.
for _, id in ipairs(redis.call('ZRANDMEMBER', KEYS[5], 2)) do
  if redis.call('EXISTS', ARGV[7] .. id) == 0 then redis.call('ZREM', KEYS[5], id) end
end
redis.call('ZADD', KEYS[5], string.format('%d', now), ARGV[1])
for i = 1, models do
  if redis.call('HDEL', KEYS[4], 'lane ' .. ARGV[8 + i]) == 1 then
    redis.call('PUBLISH', ARGV[6], 'lane ' .. ARGV[8 + i])
  end
end
return {'accepted', now, deadline}
