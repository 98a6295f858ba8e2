#!lua flags=allow-oom
-- Who sends stops: another one may begin at once.
-- KEYS  outbox:state     ARGV  token
-- Returns 1 | 0 (it was not the one any more)
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'sender', '')
return 1
