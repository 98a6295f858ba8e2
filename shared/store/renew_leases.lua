#!lua flags=allow-oom
-- Renews the leases a worker lists and makes `owner` their broker.
-- KEYS  review lane, generate lane
-- ARGV  case key prefix, owner, ref, fence, ref, fence ...
-- Returns {ref, fence, ref, fence ...}: what the worker must stop (cancelled, taken over, ended)
local stop = {}
for i = 3, #ARGV, 2 do
  local id, task = string.match(ARGV[i], '^([^|]+)|(.+)$')
  local f = id and redis.call('HMGET', ARGV[1] .. id, 'state', 's:' .. task, 'f:' .. task, 'e:' .. task) or {}
  if f[1] and f[1] ~= 'cancelled' and f[2] == 'leased' and f[3] == ARGV[i + 1] and f[4] then
    local lane = string.sub(task, 1, 6) == 'review' and KEYS[1] or KEYS[2]
    redis.call('XCLAIM', lane, 'w', ARGV[2], 0, f[4], 'JUSTID')
  else
    stop[#stop + 1] = ARGV[i]
    stop[#stop + 1] = ARGV[i + 1]
  end
end
return stop
