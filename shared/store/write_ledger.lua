#!lua flags=allow-oom
-- Moves the live matrix on to a later line of evidence, if it still stands where it was read. Another
-- aggregator that learned the same lines meanwhile has written the same.
-- KEYS  ledger, learning
-- ARGV  cursor it was read at ("" = new), new cursor, "1" to replace all fields or "0",
--       rebuild id or "", rebuild report, then field, value ...
-- Returns 1 | 0 (it moved)
local stands = redis.call('HGET', KEYS[1], 'cursor') or ''
if stands ~= ARGV[1] then return 0 end
if ARGV[3] == '1' then redis.call('DEL', KEYS[1]) end
for i = 6, #ARGV, 1000 do  -- unpack has a limit
  redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
redis.call('HSET', KEYS[1], 'cursor', ARGV[2])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], 'done', ARGV[4], 'report', ARGV[5]) end
return 1
