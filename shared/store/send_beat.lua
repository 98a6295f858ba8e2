#!lua flags=allow-oom
-- KEYS  members (zset id -> last beat), beat, steady, counters     ARGV  id, beat, ttl_ms, gap_ms
-- `steady` (hash) is since when a member beats without a gap. Members silent for an hour are forgotten.
-- Returns how many cases were ever accepted.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
if now - last > tonumber(ARGV[4]) then redis.call('HSET', KEYS[3], ARGV[1], string.format('%d', now)) end
redis.call('ZADD', KEYS[1], string.format('%d', now), ARGV[1])
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now - 3600000))) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[3], id)
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return tonumber(redis.call('HGET', KEYS[4], 'accepted') or 0)
