#!lua flags=allow-oom
-- Makes a gateway the one that sends, or keeps it so; takes over from one that is silent. The token grows with
-- each change of hands.
-- KEYS  outbox:state     ARGV  gateway, silence_ms
-- Returns {token, 0} | {0, ms until it is worth asking again}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local f = redis.call('HMGET', KEYS[1], 'sender', 'token', 'seen')
local token = tonumber(f[2] or 0)
if f[1] and f[1] ~= '' and f[1] ~= ARGV[1] then
  local silent = math.max(0, now - (f[3] or 0))
  if silent < tonumber(ARGV[2]) then return {0, ARGV[2] - silent} end
end
-- By the clock: it grows also where somebody deleted the state.
if f[1] ~= ARGV[1] then token = math.max(token + 1, time[1] * 1000000 + time[2]) end
redis.call('HSET', KEYS[1], 'sender', ARGV[1], 'token', string.format('%.0f', token),
           'seen', string.format('%.0f', now))
return {token, 0}
