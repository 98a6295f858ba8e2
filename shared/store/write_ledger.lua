#!lua flags=allow-oom
-- Moves the live matrix on to a later line of evidence, or replaces it, if it still is the one that was read: the
-- same cursor, and not replaced since (epoch).
-- KEYS  ledger, learning
-- ARGV  cursor and epoch it was read at ("" and 0 = new), new cursor, "1" to replace all fields or "0",
--       rebuild id or "", rebuild report, then field, value ...
-- Returns 1 | 0 (it is another one)
local at = redis.call('HMGET', KEYS[1], 'cursor', 'epoch')
local epoch = tonumber(at[2] or 0)
if (at[1] or '') ~= ARGV[1] or epoch ~= tonumber(ARGV[2]) then return 0 end
if ARGV[4] == '1' then
  redis.call('DEL', KEYS[1])
  epoch = epoch + 1
end
for i = 7, #ARGV, 1000 do  -- unpack has a limit
  redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
redis.call('HSET', KEYS[1], 'cursor', ARGV[3], 'epoch', epoch)
if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], 'done', ARGV[5], 'report', ARGV[6]) end
return 1
