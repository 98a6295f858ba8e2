#!lua flags=allow-oom
-- KEYS  members (zset id -> last beat), beat     ARGV  id, beat, ttl_ms
-- Members silent for an hour are forgotten.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%d', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now - 3600000))
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
