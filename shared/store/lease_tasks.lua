#!lua flags=allow-oom
-- Leases up to `count` tasks of one model, reviews first. Tasks of ended cases are dropped; tasks past
-- their deadline, or that waited in the lane for wait_ms (0 = for ever), become "expired" and the aggregator
-- is told.
-- KEYS  review lane, generate lane, events, wanted, counters
-- ARGV  case key prefix, owner, count, channel, model, wait_ms
-- Returns {{ref, fence, failed attempts, time left ms, vignette, packet or ""}, ...}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted = tonumber(ARGV[3])
local wait = tonumber(ARGV[6])
local since = wait > 0 and now - wait or 0
local leased = {}
local expired = 0
local seen = 0  -- bounds one call when a lane is full of tasks to drop; the next call goes on
for lane = 1, 2 do
  while #leased < wanted and seen < 2000 do
    local asked = wanted - #leased
    local reply = redis.call('XREADGROUP', 'GROUP', 'w', ARGV[2], 'COUNT', asked, 'STREAMS', KEYS[lane], '>')
    if not reply then break end
    local entries = reply[1][2]
    seen = seen + #entries
    for _, entry in ipairs(entries) do
      local ref = entry[2][2]
      local id, task = string.match(ref, '^([^|]+)|(.+)$')
      local case = ARGV[1] .. id
      local f = redis.call('HMGET', case, 'state', 's:' .. task, 'e:' .. task, 'd:' .. task, 'vignette',
                           'p:' .. task, 'a:' .. task, 'f:' .. task)
      if not f[1] or f[1] == 'cancelled' or f[2] ~= 'pending' or f[3] ~= entry[1] then
        redis.call('XACK', KEYS[lane], 'w', entry[1])
        redis.call('XDEL', KEYS[lane], entry[1])
      elseif tonumber(f[4]) <= now or tonumber(string.match(entry[1], '^%d+')) <= since then
        redis.call('XACK', KEYS[lane], 'w', entry[1])
        redis.call('XDEL', KEYS[lane], entry[1])
        redis.call('HSET', case, 's:' .. task, 'expired', 't:' .. task, string.format('%d', now))
        redis.call('HDEL', case, 'e:' .. task)
        redis.call('HINCRBY', case, 'v', 1)
        redis.call('XADD', KEYS[3], '*', 'c', id)
        expired = expired + 1
      else
        local fence = tonumber(f[8] or 0) + 1
        local state = f[1] == 'accepted' and 'generating' or f[1]
        redis.call('HSET', case, 's:' .. task, 'leased', 'f:' .. task, fence, 'state', state)
        leased[#leased + 1] = {ref, fence, tonumber(f[7] or 0), tonumber(f[4]) - now, f[5], f[6] or ''}
      end
    end
    if #entries < asked then break end
  end
end
if expired > 0 then
  redis.call('HINCRBY', KEYS[5], 'expired', expired)
  if redis.call('HDEL', KEYS[4], 'event') == 1 then redis.call('PUBLISH', ARGV[4], 'event') end
end
if #leased < wanted then redis.call('HSETNX', KEYS[4], 'lane ' .. ARGV[5], 1) end
return leased
