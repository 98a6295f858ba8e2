#!lua flags=allow-oom
-- Cancels a live case. Its tasks in lanes are dropped when they are met; leased ones are stopped by hint, or when
-- their brokers read `cancels`, which they do twice a second.
-- KEYS  case, timers, counters, out, wanted, cancels
-- ARGV  id, channel, recommendation published for it, reason, retention_ms, out_max
-- Returns {"cancelled", state} | {"ended", state, last revision, accepted_ms, now} | {"unknown"}
local f = redis.call('HMGET', KEYS[1], 'state', 'rev', 'accepted_ms')
local state = f[1]
if not state then return {'unknown'} end
if state == 'cancelled' then return {'cancelled', state} end  -- asked again: the same answer
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then
  local time = redis.call('TIME')
  return {'ended', state, f[2] or '0', f[3] or '0', time[1] * 1000 + math.floor(time[2] / 1000)}
end
redis.call('HSET', KEYS[1], 'state', 'cancelled', 'cancel_reason', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'v', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('HINCRBY', KEYS[3], 'cancelled', 1)
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[6], '*', 'r', ARGV[3])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', 10000, '*', 'c', ARGV[1])
redis.call('PUBLISH', ARGV[2], 'cancel ' .. ARGV[1])
if redis.call('HDEL', KEYS[5], 'out') == 1 then redis.call('PUBLISH', ARGV[2], 'out') end
return {'cancelled', 'cancelled'}
