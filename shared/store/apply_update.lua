#!lua flags=allow-oom
-- Applies what the aggregator decided about a case, if the record is still the one it looked at.
-- KEYS  case, timers, counters, out, history, evidence, learned, wanted, lane of each new task ...
-- ARGV  id, version, channel, state or "", timer_ms or "", retention_ms, recommendation or "",
--       history or "", out_max, evidence or "", member of learned or "", what is known to be right or "",
--       task count, then per task: task, deadline_ms, packet, labels
-- Returns 1 | 0 (changed meanwhile)
local f = redis.call('HMGET', KEYS[1], 'v', 'state', 'rev')
if f[1] ~= ARGV[2] or f[2] == 'cancelled' then return 0 end
local id, channel, state = ARGV[1], ARGV[3], ARGV[4]
local fields = {'v', f[1] + 1}
local function hint(what)
  if redis.call('HDEL', KEYS[8], what) == 1 then redis.call('PUBLISH', channel, what) end
end
for i = 1, tonumber(ARGV[13]) do
  local at = 10 + 4 * i
  local task = ARGV[at]
  local entry = redis.call('XADD', KEYS[8 + i], '*', 't', id .. '|' .. task)
  for _, value in ipairs({'s:' .. task, 'pending', 'e:' .. task, entry, 'd:' .. task, ARGV[at + 1],
                          'p:' .. task, ARGV[at + 2], 'l:' .. task, ARGV[at + 3]}) do
    fields[#fields + 1] = value
  end
  hint('lane ' .. string.match(task, '^%a+|%d+|(.+)$'))
end
if ARGV[7] ~= '' then
  local revision = f[3] + 1
  for _, value in ipairs({'rev', revision, 'rec:' .. revision, ARGV[7]}) do fields[#fields + 1] = value end
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[9], '*', 'r', ARGV[7])
  hint('out')
end
if ARGV[8] ~= '' then redis.call('XADD', KEYS[5], '*', 'h', ARGV[8]) end
if ARGV[10] ~= '' then
  redis.call('XADD', KEYS[6], '*', 'e', ARGV[10])
  if ARGV[11] ~= '' then redis.call('SADD', KEYS[7], ARGV[11]) end
  hint('evidence')
end
if ARGV[12] ~= '' then
  fields[#fields + 1] = 'known'
  fields[#fields + 1] = ARGV[12]
end
if state ~= '' then
  fields[#fields + 1] = 'state'
  fields[#fields + 1] = state
end
redis.call('HSET', KEYS[1], unpack(fields))

local final = state == 'complete' or state == 'degraded' or state == 'insufficient' or state == 'failed'
if final then
  if redis.call('ZREM', KEYS[2], id) == 1 then
    redis.call('HINCRBY', KEYS[3], state, 1)
  else  -- a revision: the case moves from one final count to another
    redis.call('HINCRBY', KEYS[3], f[2], -1)
    redis.call('HINCRBY', KEYS[3], state, 1)
    redis.call('HINCRBY', KEYS[3], 'revised', 1)
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
elseif ARGV[5] ~= '' then
  redis.call('ZADD', KEYS[2], 'XX', ARGV[5], id)
end
return 1
