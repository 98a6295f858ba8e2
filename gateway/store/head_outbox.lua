#!lua flags=no-writes
-- The message that is to be sent now.
-- KEYS  outbox, outbox:state     ARGV  token
-- Returns {"lost"} | {"empty"} | {"head", entry, case, revision, bytes, tries, refusals}
local f = redis.call('HMGET', KEYS[2], 'token', 'head', 'tries', 'refusals', 'sender')
if f[1] ~= ARGV[1] or f[5] == '' then return {'lost'} end
local head = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if not head then return {'empty'} end
local tried = f[2] == head[1]
return {'head', head[1], head[2][2], head[2][4], head[2][6], tried and f[3] or '0', tried and f[4] or '0'}
