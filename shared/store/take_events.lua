#!lua flags=allow-oom
-- Events for one aggregator: first those whose consumer is silent for idle_ms, then new ones.
-- KEYS  events, wanted     ARGV  owner, count, idle_ms or 0: no claiming now
-- Returns {entry, case, entry, case ...}
local taken = {}
if ARGV[3] ~= '0' then
  local claimed = redis.call('XAUTOCLAIM', KEYS[1], 'a', ARGV[1], ARGV[3], '0-0', 'COUNT', ARGV[2])
  for _, entry in ipairs(claimed[2]) do
    taken[#taken + 1] = entry[1]
    taken[#taken + 1] = entry[2][2]
  end
end
local left = tonumber(ARGV[2]) - #taken / 2
if left > 0 then
  local reply = redis.call('XREADGROUP', 'GROUP', 'a', ARGV[1], 'COUNT', left, 'STREAMS', KEYS[1], '>')
  if reply then
    for _, entry in ipairs(reply[1][2]) do
      taken[#taken + 1] = entry[1]
      taken[#taken + 1] = entry[2][2]
    end
  end
end
if #taken < 2 * ARGV[2] then redis.call('HSETNX', KEYS[2], 'event', 1) end
return taken
