#!lua flags=allow-oom
-- Nothing goes before this instant; only ever moved to a later one.
-- KEYS  rates of each limit that has a rate     ARGV  pause_ms
-- Returns 1
local time = redis.call('TIME')
local until_us = time[1] * 1000000 + time[2] + tonumber(ARGV[1]) * 1000
for _, rates in ipairs(KEYS) do
  if until_us > tonumber(redis.call('HGET', rates, 'pause') or 0) then
    redis.call('HSET', rates, 'pause', string.format('%.0f', until_us))
    local ms = tonumber(ARGV[1]) + 60000
    redis.call('PEXPIRE', rates, string.format('%.0f', ms), 'NX')
    redis.call('PEXPIRE', rates, string.format('%.0f', ms), 'GT')
  end
end
return 1
