-- Puts a message that was set aside at the end of the outbox, once; not one whose case has a newer revision there or
-- delivered: the receiver would take the older one for the truth.
-- KEYS  aside, outbox, mark that it was put back     ARGV  entry, what keys of revisions begin with, how long the mark stays
-- Returns "requeued" | "before" | "superseded" | "unknown"
local set = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not set then return redis.call('EXISTS', KEYS[3]) == 1 and 'before' or 'unknown' end
local m = set[2]
if tonumber(redis.call('GET', ARGV[2] .. m[2]) or 0) > tonumber(m[4]) then return 'superseded' end
redis.call('XADD', KEYS[2], '*', 'c', m[2], 'r', m[4], 'b', m[6])
redis.call('SET', KEYS[3], 1, 'PX', ARGV[3])
redis.call('XDEL', KEYS[1], ARGV[1])
return 'requeued'
