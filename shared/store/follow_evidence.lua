#!lua flags=allow-oom
-- How far the live matrix has come, what was asked of it, and the lines of evidence after it.
-- KEYS  ledger, learning, evidence     ARGV  max lines
-- Returns {cursor or "", rebuild asked for and not done or "", cursor last published or "", {entry, line, ...}}
local cursor = redis.call('HGET', KEYS[1], 'cursor') or ''
local f = redis.call('HMGET', KEYS[2], 'asked', 'done', 'published')
local asked = ''
if f[1] and f[1] ~= f[2] then asked = f[1] end
local lines = {}
local after = cursor == '' and '-' or '(' .. cursor
for _, entry in ipairs(redis.call('XRANGE', KEYS[3], after, '+', 'COUNT', ARGV[1])) do
  lines[#lines + 1] = entry[1]
  lines[#lines + 1] = entry[2][2]
end
return {cursor, asked, f[3] or '', lines}
