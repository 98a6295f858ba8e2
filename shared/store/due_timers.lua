#!lua flags=allow-oom
-- KEYS  timers     ARGV  count
-- Returns {now, milliseconds until the next one that is not due or -1, case ...}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = {now, -1}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now), 'LIMIT', 0, ARGV[1])) do
  reply[#reply + 1] = id
end
local next = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%d', now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if next[2] then reply[2] = tonumber(next[2]) - now end
return reply
