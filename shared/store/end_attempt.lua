#!lua flags=allow-oom
-- Ends one attempt of a task. Success of any issued attempt may win and the first one does; everything
-- else needs the current fence, so that a worker whose lease was taken over changes nothing.
-- KEYS  case, lane, events, delayed, dead, counters, wanted
-- ARGV  id, task, fence, kind (final | retry | release | crash), outcome or "", ok (1 | 0), delay_ms,
--       crashes_max, dead_letter (1 | 0), channel, error of a failed attempt or ""
-- Returns stored | retry | released | dead | duplicate | stale | unknown
local task, kind = ARGV[2], ARGV[4]
local f = redis.call('HMGET', KEYS[1], 's:' .. task, 'f:' .. task, 'e:' .. task, 'v', 'a:' .. task, 'x:' .. task)
if not f[1] then return 'unknown' end
if f[1] == 'done' or f[1] == 'dead' then return 'duplicate' end
local fence = tonumber(ARGV[3])
if fence > tonumber(f[2] or 0) or fence < 1 then return 'unknown' end
local wins = kind == 'final' and ARGV[6] == '1'
if not wins and (f[1] ~= 'leased' or fence ~= tonumber(f[2])) then return 'stale' end

local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local ref = ARGV[1] .. '|' .. task

local function leave_lane()
  if f[3] then
    redis.call('XACK', KEYS[2], 'w', f[3])
    redis.call('XDEL', KEYS[2], f[3])
  end
  if f[1] == 'delayed' then redis.call('ZREM', KEYS[4], ref) end
end

local function enter_lane()
  local entry = redis.call('XADD', KEYS[2], '*', 't', ref)
  redis.call('HSET', KEYS[1], 's:' .. task, 'pending', 'e:' .. task, entry)
  local hint = 'lane ' .. string.match(task, '^%a+|%d+|(.+)$')
  if redis.call('HDEL', KEYS[7], hint) == 1 then redis.call('PUBLISH', ARGV[10], hint) end
end

-- All errors so far, with this one: kept with the task, and listed with it when it is dead. Of a bounded size;
-- the last one is the outcome in any case.
local errors = f[6] or ''
if ARGV[11] ~= '' and #errors + #ARGV[11] < 65536 then
  local error = now .. ' ' .. ARGV[11]
  errors = errors .. #error .. ':' .. error
end

local function finish(state)
  leave_lane()
  redis.call('HSET', KEYS[1], 's:' .. task, state, 'o:' .. task, ARGV[5], 't:' .. task, now, 'v', f[4] + 1)
  redis.call('HDEL', KEYS[1], 'e:' .. task, 'x:' .. task)
  redis.call('XADD', KEYS[3], '*', 'c', ARGV[1])
  if redis.call('HDEL', KEYS[7], 'event') == 1 then redis.call('PUBLISH', ARGV[10], 'event') end
  if state == 'dead' then
    redis.call('XADD', KEYS[5], 'MAXLEN', '~', 10000, '*', 't', ref, 'o', ARGV[5], 'a', f[5] or 0, 'c',
               redis.call('HGET', KEYS[1], 'c:' .. task) or 0, 'x', errors)
    redis.call('HINCRBY', KEYS[6], 'dead', 1)
  end
end

if kind == 'final' then
  finish(ARGV[9] == '1' and 'dead' or 'done')
  return ARGV[9] == '1' and 'dead' or 'stored'
end
if kind == 'retry' then
  leave_lane()
  redis.call('HINCRBY', KEYS[1], 'a:' .. task, 1)
  redis.call('HSET', KEYS[1], 's:' .. task, 'delayed', 'o:' .. task, ARGV[5], 'x:' .. task, errors)
  redis.call('HDEL', KEYS[1], 'e:' .. task)
  redis.call('ZADD', KEYS[4], string.format('%d', tonumber(now) + tonumber(ARGV[7])), ref)
  redis.call('HINCRBY', KEYS[6], 'retried', 1)
  return 'retry'
end
if kind == 'crash' then
  redis.call('HINCRBY', KEYS[6], 'crashed', 1)
  if redis.call('HINCRBY', KEYS[1], 'c:' .. task, 1) >= tonumber(ARGV[8]) then
    finish('dead')
    return 'dead'
  end
  redis.call('HSET', KEYS[1], 'x:' .. task, errors)
else
  redis.call('HINCRBY', KEYS[6], 'released', 1)
end
leave_lane()
enter_lane()
return 'released'
