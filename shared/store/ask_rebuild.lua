-- One rebuild at a time: who asks meanwhile waits, and asks again.
-- KEYS  learning     ARGV  id, channel
-- Returns the report, or "" while it is not done
local f = redis.call('HMGET', KEYS[1], 'done', 'report', 'asked')
if f[1] == ARGV[1] then return f[2] end
if not f[3] or f[3] == f[1] then
  redis.call('HSET', KEYS[1], 'asked', ARGV[1])
  redis.call('PUBLISH', ARGV[2], 'evidence')
end
return ''
