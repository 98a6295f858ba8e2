#!lua flags=allow-oom
-- Which shard of how many this Redis is. One that has no data yet becomes the one that is asked for; one with
-- data from before there were shards is the only one, and stays so. One that is known to be the one that is asked for, and has
-- forgotten it (FLUSHALL), is told again, whatever was written since.
-- KEYS  shard, counters of shard 0, counters     ARGV  "<number> of <count>", "1" if it is known
-- Returns {"<number> of <count>", how many cases were ever accepted}
local accepted = tonumber(redis.call('HGET', KEYS[3], 'accepted') or 0)
local is = redis.call('GET', KEYS[1])
if is then return {is, accepted} end
is = ARGV[2] ~= '1' and redis.call('EXISTS', KEYS[2]) == 1 and '0 of 1' or ARGV[1]
if is == ARGV[1] then redis.call('SET', KEYS[1], is) end
return {is, accepted}
