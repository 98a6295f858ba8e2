#!lua flags=no-writes
-- What is stored about a message, its patients and its documents, at one instant.
-- KEYS  message, its id at the sender, the mark that its case was withdrawn, then patients and documents ...
-- ARGV  the message's name
-- Returns {now, plan or nil, 1 when the id was another message's or 0, 1 when its case was withdrawn or 0,
--          {version or 0, bytes, ...} of the rest}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local values = {}
for i = 4, #KEYS do
  local f = redis.call('HMGET', KEYS[i], 'v', 'c')
  values[#values + 1] = f[1] or '0'
  values[#values + 1] = f[2] or ''
end
local other = redis.call('GET', KEYS[2])
return {now, redis.call('GET', KEYS[1]), other and other ~= ARGV[1] and 1 or 0,
  redis.call('EXISTS', KEYS[3]), values}
