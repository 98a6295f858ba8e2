#!lua flags=allow-oom
-- Writes how sending a message ended. What the receiver took is done, whoever sent it; the rest is for the one that
-- sends now.
-- KEYS  outbox, outbox:state, aside, counters
-- ARGV  token, entry, "sent" | "retry" | "aside", why, tries, refusals, most entries set aside
-- Returns {1 | 0 (the token has ended), 1 | 0 (nothing changed: it was written before, or may not be)}
local f = redis.call('HMGET', KEYS[2], 'token', 'sender')
local holds = f[1] == ARGV[1] and f[2] ~= '' and 1 or 0
local what = ARGV[3]
if holds == 0 and what ~= 'sent' then return {0, 0} end
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if not entry then return {holds, 0} end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if what == 'retry' then
  local before = redis.call('HMGET', KEYS[2], 'head', 'tries')
  if before[1] == ARGV[2] and tonumber(before[2] or 0) >= tonumber(ARGV[5]) then return {holds, 0} end
  redis.call('HSET', KEYS[2], 'head', ARGV[2], 'tries', ARGV[5], 'refusals', ARGV[6], 'why', ARGV[4], 'tried', now)
  redis.call('HINCRBY', KEYS[4], 'outbox:retried', 1)
  return {holds, 1}
end
if what == 'aside' then
  local m = entry[2]
  redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[7], '*', 'c', m[2], 'r', m[4], 'b', m[6], 'w', ARGV[4], 't', ARGV[5])
  redis.call('HINCRBY', KEYS[4], 'outbox:aside', 1)
else
  redis.call('HSET', KEYS[2], 'sent', now)
  redis.call('HINCRBY', KEYS[4], 'outbox:sent', 1)
end
redis.call('XDEL', KEYS[1], ARGV[2])
if redis.call('HGET', KEYS[2], 'head') == ARGV[2] then redis.call('HDEL', KEYS[2], 'head', 'tries', 'refusals', 'why', 'tried') end
return {holds, 1}
