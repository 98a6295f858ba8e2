#!lua flags=allow-oom
-- Takes back the leases of one lane that nobody renewed (idle for lease_ms: a crash, counted) or whose
-- broker is silent (idle for orphan_ms: not counted, the task is innocent). Of the tasks that wait it drops from
-- the front what is past its deadline or waited for wait_ms (0 = for ever), so that the lane of a model without
-- workers does not grow for ever.
-- When Redis stood still, or its clock jumped, all leases and beats look old. So only a broker judges that has
-- been beating without a gap for steady_ms: by then the others have beaten and renewed, too.
-- KEYS  lane, events, dead, counters, brokers (zset id -> last beat), wanted, steady (hash)
-- ARGV  case key prefix, lease_ms, orphan_ms, crashes_max, outcome of a dead task, channel, batch,
--       wait_ms, error of an attempt whose lease ran out, broker that asks, steady_ms
-- Returns {requeued, dead}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local nowtext = string.format('%d', now)
local lease, orphan = tonumber(ARGV[2]), tonumber(ARGV[3])
local requeued, dead, expired = 0, 0, 0
local hint
local overdue = {}
if now - tonumber(redis.call('HGET', KEYS[7], ARGV[10]) or now) >= tonumber(ARGV[11]) then
  overdue = redis.call('XPENDING', KEYS[1], 'w', 'IDLE', math.min(lease, orphan), '-', '+', ARGV[7])
end
for _, p in ipairs(overdue) do
  local entry, owner, idle = p[1], p[2], p[3]
  local beat = tonumber(redis.call('ZSCORE', KEYS[5], owner) or 0)
  local orphaned = now - beat > orphan
  if orphaned or idle >= lease then
    local found = redis.call('XRANGE', KEYS[1], entry, entry)
    redis.call('XACK', KEYS[1], 'w', entry)
    redis.call('XDEL', KEYS[1], entry)
    local ref = found[1] and found[1][2][2]
    local id, task
    if ref then id, task = string.match(ref, '^([^|]+)|(.+)$') end
    local case = id and ARGV[1] .. id
    if case and redis.call('HGET', case, 'e:' .. task) == entry then
      local crashes = 0
      if not orphaned then
        crashes = redis.call('HINCRBY', case, 'c:' .. task, 1)
        local error = nowtext .. ' ' .. ARGV[9]
        local errors = (redis.call('HGET', case, 'x:' .. task) or '')
        if #errors < 65536 then errors = errors .. #error .. ':' .. error end
        redis.call('HSET', case, 'x:' .. task, errors)
      end
      redis.call('HINCRBY', KEYS[4], orphaned and 'orphaned' or 'reaped', 1)
      if crashes >= tonumber(ARGV[4]) then
        redis.call('HSET', case, 's:' .. task, 'dead', 'o:' .. task, ARGV[5], 't:' .. task, nowtext)
        local x = redis.call('HMGET', case, 'a:' .. task, 'x:' .. task)
        redis.call('HDEL', case, 'e:' .. task, 'x:' .. task)
        redis.call('HINCRBY', case, 'v', 1)
        redis.call('XADD', KEYS[2], '*', 'c', id)
        redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 't', ref, 'o', ARGV[5], 'a', x[1] or 0, 'c', crashes,
                   'x', x[2] or '')
        redis.call('HINCRBY', KEYS[4], 'dead', 1)
        dead = dead + 1
      else
        local again = redis.call('XADD', KEYS[1], '*', 't', ref)
        redis.call('HSET', case, 's:' .. task, 'pending', 'e:' .. task, again)
        requeued = requeued + 1
        hint = 'lane ' .. string.match(task, '^%a+|%d+|(.+)$')
      end
    end
  end
end
local first = '-'  -- what was handed out stands before; it has been looked at above
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  if group[2] == 'w' then first = '(' .. group[8] end
end
local wait = tonumber(ARGV[8])
local since = wait > 0 and now - wait or 0
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], first, '+', 'COUNT', ARGV[7])) do
  local ref = entry[2][2]
  local id, task = string.match(ref, '^([^|]+)|(.+)$')
  local case = ARGV[1] .. id
  local f = redis.call('HMGET', case, 'state', 's:' .. task, 'e:' .. task, 'd:' .. task)
  local gone = not f[1] or f[1] == 'cancelled' or f[3] ~= entry[1]
  if gone then
    redis.call('XDEL', KEYS[1], entry[1])
  elseif tonumber(f[4]) <= now or tonumber(string.match(entry[1], '^%d+')) <= since then
    redis.call('XDEL', KEYS[1], entry[1])
    redis.call('HSET', case, 's:' .. task, 'expired', 't:' .. task, nowtext)
    redis.call('HDEL', case, 'e:' .. task)
    redis.call('HINCRBY', case, 'v', 1)
    redis.call('XADD', KEYS[2], '*', 'c', id)
    expired = expired + 1
  else
    break  -- the head has its time still; what is over behind it waits for its turn
  end
end
-- Consumers of brokers and aggregators that are long gone; never one that still holds something.
for key, group in pairs({[KEYS[1]] = 'w', [KEYS[2]] = 'a'}) do
  for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', key, group)) do
    if c[4] == 0 and c[6] > 3600000 then redis.call('XGROUP', 'DELCONSUMER', key, group, c[2]) end
  end
end
if requeued > 0 and redis.call('HDEL', KEYS[6], hint) == 1 then redis.call('PUBLISH', ARGV[6], hint) end
if expired > 0 then redis.call('HINCRBY', KEYS[4], 'expired', expired) end
if dead + expired > 0 and redis.call('HDEL', KEYS[6], 'event') == 1 then redis.call('PUBLISH', ARGV[6], 'event') end
return {requeued, dead}
