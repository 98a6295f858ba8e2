#!lua flags=no-writes
-- KEYS  open, counters
-- Returns {now, open plans, since when the oldest is or 0, {counter, value, ...}}
local time = redis.call('TIME')
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {time[1] * 1000 + math.floor(time[2] / 1000), redis.call('ZCARD', KEYS[1]), oldest[2] or '0',
        redis.call('HGETALL', KEYS[2])}
