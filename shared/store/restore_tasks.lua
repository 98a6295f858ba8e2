#!lua flags=allow-oom
-- Compares records with lanes, some live cases at a time, and puts back what somebody took out of Redis: a task
-- whose entry is gone from its lane, a leased one that no consumer holds, a delayed one without its time. A case
-- that has no task under way while no event waits is told to the aggregators again, once for each version of its
-- record. What makes no sense is left alone. Scripts change record and lane
-- together, so that nothing is found unless keys were trimmed or deleted by hand.
-- KEYS  timers, delayed, events, counters, wanted
-- ARGV  cursor ("0" = from the beginning), cases, case key prefix, lane key prefix, channel
-- Returns {next cursor ("0" = all were seen), restored, told}
local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local idle = redis.call('XLEN', KEYS[3]) == 0
local restored, told = 0, 0

-- Whether the lease, or the wait in the lane, that the record names is there.
local function in_lane(lane, entry, state)
  if not entry then return false end
  local found = redis.pcall('XRANGE', lane, entry, entry)
  if found.err or not found[1] then return false end
  if state == 'pending' then return true end
  local held = redis.pcall('XPENDING', lane, 'w', entry, entry, 1)
  return held.err or held[1]  -- a group that is missing is made again first
end

local page = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
for i = 1, #page[2], 2 do
  local id = page[2][i]
  local case = ARGV[3] .. id
  local fields = redis.pcall('HKEYS', case)
  local under_way = fields.err or not fields[1]
  for _, field in ipairs(fields) do
    local task, stage, model = string.match(field, '^s:((%a+)|%d+|(.+))$')
    if task then
      local f = redis.call('HMGET', case, field, 'e:' .. task)
      local state, entry = f[1], f[2]
      local ref = id .. '|' .. task
      if state == 'pending' or state == 'leased' then
        under_way = true
        local lane = ARGV[4] .. stage .. ':' .. model
        if not in_lane(lane, entry, state) then
          if entry then redis.pcall('XDEL', lane, entry) end
          redis.call('HSET', case, field, 'pending', 'e:' .. task, redis.call('XADD', lane, '*', 't', ref))
          if redis.call('HDEL', KEYS[5], 'lane ' .. model) == 1 then
            redis.call('PUBLISH', ARGV[5], 'lane ' .. model)
          end
          restored = restored + 1
        end
      elseif state == 'delayed' then
        under_way = true
        if not redis.call('ZSCORE', KEYS[2], ref) then
          redis.call('ZADD', KEYS[2], now, ref)
          restored = restored + 1
        end
      end
    end
  end
  if idle and not under_way and redis.call('HGET', case, 'told') ~= redis.call('HGET', case, 'v') then
    redis.call('HSET', case, 'told', redis.call('HGET', case, 'v') or '')
    redis.call('XADD', KEYS[3], '*', 'c', id)
    told = told + 1
  end
end
if told > 0 and redis.call('HDEL', KEYS[5], 'event') == 1 then redis.call('PUBLISH', ARGV[5], 'event') end
if restored > 0 then redis.call('HINCRBY', KEYS[4], 'restored', restored) end
return {page[1], restored, told}
