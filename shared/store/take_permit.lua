#!lua flags=allow-oom
-- Lets one call go, or books when it may, under all of its limits or under none. The rules, with reasons,
-- are in limit_rules.h and, the same in memory, in worker/local_limits.cc.
-- It may run when memory is short: work that was accepted goes on, and what it writes is small and expires.
-- KEYS  permit, then of each limit: rates (hash), booked (zset), held (zset)
-- ARGV  id, how long the call can wait in ms, lease_ms, then of each limit: requests_us, tokens_us
--       (what the call costs; 0 = no such rate), concurrency (0 = no such limit)
-- Returns {"granted" | "booked" | "busy" | "never", wait in ms}
local BURST, LATE, BOOKED_MAX, KEEP = 1000000, 250000, 500, 60000  -- us, us, calls, ms
local id, left, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('EXISTS', KEYS[1]) == 1 then return {'granted', 0} end  -- asked again
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- The first instant from `from` on at which bucket b (1 requests, 2 tokens) has room and no booked call is
-- made to wait.
local function earliest(limit, b, from)
  local cost, tat, at, i = limit.cost[b], limit.tat[b], from, 1
  local calls = limit.booked
  if cost == 0 then return from end
  while true do
    while calls[i] and calls[i].at <= at do
      if calls[i].cost[b] > 0 then tat = math.max(tat, calls[i].at) + calls[i].cost[b] end
      i = i + 1
    end
    local own = tat - math.max(0, BURST - cost)
    local after, blocked = math.max(tat, at) + cost, nil
    for j = i, #calls do
      local c = calls[j].cost[b]
      if own > at then break end
      if c > 0 then
        if after - math.max(0, BURST - c) > calls[j].at then
          blocked = calls[j].at
          break
        end
        after = math.max(after, calls[j].at) + c
      end
    end
    if own <= at and not blocked then return at end
    at = blocked or own
  end
end

local limits, start, booked_at, places, full = {}, now, nil, true, false
for i = 1, (#KEYS - 1) / 3 do
  local limit = {rates = KEYS[3 * i - 1], booked_key = KEYS[3 * i], held = KEYS[3 * i + 1], booked = {},
                 cost = {tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])}, room = tonumber(ARGV[3 * i + 3])}
  limit.member = ARGV[3 * i + 1] .. '|' .. ARGV[3 * i + 2] .. '|' .. id
  limit.rated = limit.cost[1] + limit.cost[2] > 0
  limits[i] = limit
  if limit.rated then
    local f = redis.call('HMGET', limit.rates, 'requests', 'tokens', 'pause')
    limit.tat = {tonumber(f[1] or 0), tonumber(f[2] or 0)}
    start = math.max(start, tonumber(f[3] or 0))
    -- What was booked and not taken did not go out.
    redis.call('ZREMRANGEBYSCORE', limit.booked_key, '-inf', '(' .. string.format('%.0f', now - LATE))
    local booked = redis.call('ZRANGE', limit.booked_key, 0, -1, 'WITHSCORES')
    for j = 1, #booked, 2 do
      if booked[j] == limit.member then
        booked_at = math.max(booked_at or 0, tonumber(booked[j + 1]))
      else
        local requests, tokens = string.match(booked[j], '^(%d+)|(%d+)|')
        limit.booked[#limit.booked + 1] = {at = tonumber(booked[j + 1]),
                                           cost = {tonumber(requests), tonumber(tokens)}}
      end
    end
    if #limit.booked >= BOOKED_MAX then full = true end
  end
  if limit.room > 0 then
    redis.call('ZREMRANGEBYSCORE', limit.held, '-inf', string.format('%.0f', now))
    if redis.call('ZCARD', limit.held) >= limit.room and not redis.call('ZSCORE', limit.held, id) then
      places = false
    end
  end
end

local at
if booked_at and booked_at <= now and start == now then
  at = booked_at  -- its time has come, now or a moment ago
else
  local from
  at = start
  repeat
    from = at
    for _, limit in ipairs(limits) do
      if limit.rated then at = earliest(limit, 2, earliest(limit, 1, at)) end
    end
  until at == from
  if booked_at and booked_at >= start then at = math.min(at, booked_at) end
end

local function unbook()
  for _, limit in ipairs(limits) do
    if limit.rated and booked_at then redis.call('ZREM', limit.booked_key, limit.member) end
  end
end
local function keep(limit, last)
  local ms = math.ceil((math.max(last, start, limit.tat[1], limit.tat[2]) - now) / 1000) + KEEP
  redis.call('PEXPIRE', limit.rates, string.format('%.0f', ms))
  redis.call('PEXPIRE', limit.booked_key, string.format('%.0f', ms), 'NX')
  redis.call('PEXPIRE', limit.booked_key, string.format('%.0f', ms), 'GT')
end

if at > now then
  local wait = math.ceil((at - now) / 1000)
  if wait > left or (full and not booked_at) then
    unbook()
    return {wait > left and 'never' or 'busy', wait}
  end
  for _, limit in ipairs(limits) do
    if limit.rated then
      redis.call('ZADD', limit.booked_key, string.format('%.0f', at), limit.member)
      keep(limit, at)
    end
  end
  return {'booked', wait}
end
unbook()
if not places then return {'busy', 0} end
for _, limit in ipairs(limits) do
  if limit.rated then
    for b, name in ipairs({'requests', 'tokens'}) do
      if limit.cost[b] > 0 then
        if at > limit.tat[b] then  -- it was idle: what was not used before is gone
          redis.call('HSET', limit.rates, name .. '_busy', string.format('%.0f', at))
        end
        limit.tat[b] = math.max(limit.tat[b], at) + limit.cost[b]
        redis.call('HSET', limit.rates, name, string.format('%.0f', limit.tat[b]))
      end
    end
    keep(limit, at)
  end
  if limit.room > 0 then
    redis.call('ZADD', limit.held, string.format('%.0f', now + lease * 1000), id)
    redis.call('PEXPIRE', limit.held, lease)
  end
end
redis.call('SET', KEYS[1], string.format('%.0f', at), 'PX', lease)
return {'granted', 0}
