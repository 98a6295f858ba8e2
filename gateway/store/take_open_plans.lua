#!lua flags=allow-oom
-- Plans that were admitted and that nobody finished or took up for a while, oldest first; takes them up.
-- KEYS  open, open:due     ARGV  what keys of messages begin with, idle_ms, count
-- Returns {now, {name, plan, admitted_ms, ...}}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken = {}
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - ARGV[2]), 'LIMIT', 0, ARGV[3])
for _, name in ipairs(due) do
  local admitted = redis.call('ZSCORE', KEYS[1], name)
  local plan = admitted and redis.call('GET', ARGV[1] .. name)
  if plan then
    redis.call('ZADD', KEYS[2], string.format('%.0f', now), name)
    for _, value in ipairs({name, plan, admitted}) do taken[#taken + 1] = value end
  else  -- finished, or no longer remembered
    redis.call('ZREM', KEYS[1], name)
    redis.call('ZREM', KEYS[2], name)
  end
end
return {now, taken}
