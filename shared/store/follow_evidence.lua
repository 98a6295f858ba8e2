#!lua flags=allow-oom
-- How far the live matrix has come, what was asked of it, and the lines of evidence after it.
-- KEYS  ledger, learning, evidence, wanted     ARGV  max lines, learner, "1" if it holds the matrix as it stands
-- Returns {cursor or "", epoch, rebuild asked for and not done or "", what is published or "",
--          milliseconds since a learner that holds the matrix was here, {entry, line, ...}}
local at = redis.call('HMGET', KEYS[1], 'cursor', 'epoch')
local f = redis.call('HMGET', KEYS[2], 'asked', 'done', 'published', 'seen')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[2], 'learner', ARGV[2], 'seen', string.format('%d', now))
end
local asked = ''
if f[1] and f[1] ~= f[2] then asked = f[1] end
local lines = {}
local cursor = at[1] or ''
local after = cursor == '' and '-' or '(' .. cursor
for _, entry in ipairs(redis.call('XRANGE', KEYS[3], after, '+', 'COUNT', ARGV[1])) do
  lines[#lines + 1] = entry[1]
  lines[#lines + 1] = entry[2][2]
end
if #lines < 2 * ARGV[1] then redis.call('HSETNX', KEYS[4], 'evidence', 1) end
return {cursor, tonumber(at[2] or 0), asked, f[3] or '', now - tonumber(f[4] or 0), lines}
