#!lua flags=allow-oom
-- Looks at cases, newest first, from a place on: below a time of acceptance, and within it below a case id. Those
-- whose record has expired leave the index.
-- KEYS  index
-- ARGV  case key prefix, how many, time ("" = from the newest), case id
-- Returns {{id, accepted_ms, deadline_ms, state, source, kind, strategy, revision} | {id, accepted_ms}, ...}; the
-- short ones have expired

-- As Redis sorts members: by their bytes, which "<" does not do in every locale.
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local from = 0
if ARGV[3] ~= '' then
  -- Those of the same time stand together, by id and the last first: the place among them is found by halving.
  from = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[3], '+inf')
  local to = from + redis.call('ZCOUNT', KEYS[1], ARGV[3], ARGV[3])
  while from < to do
    local middle = math.floor((from + to) / 2)
    if before(redis.call('ZREVRANGE', KEYS[1], middle, middle)[1], ARGV[4]) then
      to = middle
    else
      from = middle + 1
    end
  end
end
local seen = redis.call('ZREVRANGE', KEYS[1], from, from + ARGV[2] - 1, 'WITHSCORES')
local cases = {}
for i = 1, #seen, 2 do
  local id, accepted = seen[i], seen[i + 1]
  local f = redis.pcall('HMGET', ARGV[1] .. id, 'state', 'deadline_ms', 'source', 'kind', 'strategy', 'rev')
  if f.err or not f[1] then
    redis.call('ZREM', KEYS[1], id)
    cases[#cases + 1] = {id, accepted}
  else
    cases[#cases + 1] = {id, accepted, f[2] or '0', f[1], f[3] or '', f[4] or '', f[5] or '', f[6] or '0'}
  end
end
return cases
