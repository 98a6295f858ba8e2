#!lua flags=allow-oom
-- What status shows. KEYS  counters, timers, delayed, dead, brokers, aggregators, then lanes ...
-- ARGV  silent_ms, beat key prefix
-- Returns {now, live, delayed, dead, counters, brokers, aggregators, beats, {waiting, leased, ...}}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since = string.format('%d', now - tonumber(ARGV[1]))
local brokers = redis.call('ZRANGEBYSCORE', KEYS[5], since, '+inf')
local beats = {}
for _, id in ipairs(brokers) do
  local beat = redis.call('GET', ARGV[2] .. id)
  if beat then beats[#beats + 1] = beat end
end
local lanes = {}
for i = 7, #KEYS do
  local length = redis.call('XLEN', KEYS[i])
  local leased = 0
  if redis.call('EXISTS', KEYS[i]) == 1 then
    local ok = redis.pcall('XPENDING', KEYS[i], 'w')
    if not ok.err then leased = ok[1] end
  end
  lanes[#lanes + 1] = length - leased
  lanes[#lanes + 1] = leased
end
return {now, redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('XLEN', KEYS[4]),
        redis.call('HGETALL', KEYS[1]), brokers, redis.call('ZRANGEBYSCORE', KEYS[6], since, '+inf'), beats, lanes}
