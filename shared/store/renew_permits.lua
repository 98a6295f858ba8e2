#!lua flags=allow-oom
-- Keeps the places of calls that are running, also of those that were let go while this Redis was away, and
-- the permits there are.
-- KEYS  held of each limit that has a concurrency
-- ARGV  permit key prefix, lease_ms, id ...
-- Returns 1
local time = redis.call('TIME')
local until_us = string.format('%.0f', time[1] * 1000000 + time[2] + tonumber(ARGV[2]) * 1000)
for i = 3, #ARGV do
  redis.call('PEXPIRE', ARGV[1] .. ARGV[i], ARGV[2])
  for _, held in ipairs(KEYS) do redis.call('ZADD', held, until_us, ARGV[i]) end
end
if #ARGV > 2 then
  for _, held in ipairs(KEYS) do redis.call('PEXPIRE', held, ARGV[2]) end
end
return 1
