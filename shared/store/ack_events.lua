#!lua flags=allow-oom
-- KEYS  events     ARGV  entry ...
redis.call('XACK', KEYS[1], 'a', unpack(ARGV))
redis.call('XDEL', KEYS[1], unpack(ARGV))
return 1
