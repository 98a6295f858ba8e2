#!lua flags=allow-oom
-- Takes back what a case ended with, as its next revision, if that is still the one that was looked at. What it
-- taught stays.
-- KEYS  case, counters, out, wanted, cancels
-- ARGV  id, channel, last revision, recommendation, reason, retention_ms, out_max
-- Returns {"cancelled", state} | {"changed"} | {"unknown"}
local f = redis.call('HMGET', KEYS[1], 'state', 'rev')
local state, revision = f[1], f[2]
if not state then return {'unknown'} end
if state == 'cancelled' then return {'cancelled', state} end
local ended = state == 'complete' or state == 'degraded' or state == 'insufficient' or state == 'failed'
if not ended or revision ~= ARGV[3] then return {'changed'} end
revision = string.format('%d', revision + 1)
redis.call('HSET', KEYS[1], 'state', 'cancelled', 'cancel_reason', ARGV[5], 'rev', revision, 'rec:' .. revision, ARGV[4])
redis.call('HINCRBY', KEYS[1], 'v', 1)
-- Whoever acts on the earlier one must find this as long as that would have been there.
local left = redis.call('PTTL', KEYS[1])
if left >= 0 and left < tonumber(ARGV[6]) then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
redis.call('HINCRBY', KEYS[2], state, -1)
redis.call('HINCRBY', KEYS[2], 'cancelled', 1)
redis.call('HINCRBY', KEYS[2], 'revised', 1)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[7], '*', 'r', ARGV[4])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 10000, '*', 'c', ARGV[1])  -- late answers may be under way
redis.call('PUBLISH', ARGV[2], 'cancel ' .. ARGV[1])
if redis.call('HDEL', KEYS[4], 'out') == 1 then redis.call('PUBLISH', ARGV[2], 'out') end
return {'cancelled', 'cancelled'}
