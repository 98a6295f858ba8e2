#!lua flags=allow-oom
-- Moves tasks whose delay is over back to their lanes.
-- KEYS  delayed, wanted
-- ARGV  case key prefix, lane key prefix, channel, batch
-- Returns {moved, milliseconds until the next or -1}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local moved = 0
for _, ref in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now), 'LIMIT', 0, ARGV[4])) do
  redis.call('ZREM', KEYS[1], ref)
  local id, task = string.match(ref, '^([^|]+)|(.+)$')
  local case = ARGV[1] .. id
  if redis.call('HGET', case, 's:' .. task) == 'delayed' then
    local stage, model = string.match(task, '^(%a+)|%d+|(.+)$')
    local entry = redis.call('XADD', ARGV[2] .. stage .. ':' .. model, '*', 't', ref)
    redis.call('HSET', case, 's:' .. task, 'pending', 'e:' .. task, entry)
    if redis.call('HDEL', KEYS[2], 'lane ' .. model) == 1 then redis.call('PUBLISH', ARGV[3], 'lane ' .. model) end
    moved = moved + 1
  end
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if next[2] then return {moved, math.max(0, tonumber(next[2]) - now)} end
return {moved, -1}
