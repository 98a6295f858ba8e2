#!lua flags=allow-oom
-- Where to read the feed from. A receiver that nobody had yet gets what is decided since the first gateway that has it
-- was started: what came before is long known, and perhaps withdrawn, to those whom it concerns.
-- KEYS  outbox:state     ARGV  for how long this gateway runs, in ms
-- Returns {cursor or "", what was decided before has no message, 1 if this began it}
local f = redis.call('HMGET', KEYS[1], 'cursor', 'since')
if f[1] or f[2] then return {f[1] or '', f[2] or '0', 0} end
local time = redis.call('TIME')
local since = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1])
redis.call('HSET', KEYS[1], 'since', since)
return {'', since, 1}
