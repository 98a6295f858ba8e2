#!lua flags=allow-oom
-- What status shows. KEYS  counters, timers, delayed, dead, brokers, aggregators, then lanes ...
-- ARGV  silent_ms, beat key prefix
-- Returns {now, live, delayed, dead, counters, {broker, alive (1 | 0), leases, ...}, aggregators, beats,
--          {waiting, leased, age of the first that waits or -1, ...}}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since = string.format('%d', now - tonumber(ARGV[1]))
-- By process: a broker that reconnected has a new name, and leases under the one before until it renews them.
local members, order = {}, {}
local function member(id)
  local process = string.match(id, '^[^.]*')
  if not members[process] then
    members[process] = {id, 0, 0}
    order[#order + 1] = process
  end
  return members[process]
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], since, '+inf')) do  -- the latest last
  local m = member(id)
  m[1], m[2] = id, 1
end
local lanes = {}
for i = 7, #KEYS do
  local length, leased, oldest = redis.call('XLEN', KEYS[i]), 0, -1
  if redis.call('EXISTS', KEYS[i]) == 1 then
    local pending = redis.pcall('XPENDING', KEYS[i], 'w')
    if not pending.err then
      leased = pending[1]
      for _, c in ipairs(pending[4] or {}) do
        local m = member(c[1])
        m[3] = m[3] + tonumber(c[2])
      end
    end
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[i])) do
      local first = group[2] == 'w' and redis.call('XRANGE', KEYS[i], '(' .. group[8], '+', 'COUNT', 1)[1]
      if first then oldest = math.max(0, now - tonumber(string.match(first[1], '^%d+'))) end
    end
  end
  lanes[#lanes + 1] = length - leased
  lanes[#lanes + 1] = leased
  lanes[#lanes + 1] = oldest
end
local brokers, beats = {}, {}
for _, process in ipairs(order) do
  local m = members[process]
  for i = 1, 3 do brokers[#brokers + 1] = m[i] end
  local beat = m[2] == 1 and redis.call('GET', ARGV[2] .. m[1])
  if beat then beats[#beats + 1] = beat end
end
return {now, redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('XLEN', KEYS[4]),
        redis.call('HGETALL', KEYS[1]), brokers, redis.call('ZRANGEBYSCORE', KEYS[6], since, '+inf'), beats, lanes}
