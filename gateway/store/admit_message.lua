-- Makes what a message does durable, once, or nothing: its plan, what is known of its patients and documents, where its
-- cases came from, which cases no longer stand. Nothing when one of the values is not what the plan was made from.
-- Without memory it is refused before it wrote anything (its first write is one that Redis refuses then).
-- KEYS  message, its id at the sender, open, open:due, counters, then values (patients and documents) ..., contexts to
--       forget ..., cases ..., marks of withdrawn cases ...
-- ARGV  plan, the message's name, "1" when it has an id or "0", door, remember_ms, retention_ms, numbers of values, of
--       contexts to forget, of cases, of withdrawn cases, then of each value: the version it had (0 = none), "1" to
--       write it or "0", bytes, expiry in ms; of each case: its origin; of each withdrawn case: the reason
-- Returns {"admitted", now} | {"seen", now, plan} | {"moved", now}
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local name, door, remember, retention = ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local values, forgotten = tonumber(ARGV[7]), tonumber(ARGV[8])
local cases, withdrawn = tonumber(ARGV[9]), tonumber(ARGV[10])
local arg = 11  -- of the first value

local plan = redis.call('GET', KEYS[1])
if plan then
  redis.pcall('HINCRBY', KEYS[5], door .. ':seen', 1)  -- without memory it is not counted, but answered
  return {'seen', now, plan}
end
local versions = {}
for i = 1, values do
  versions[i] = redis.call('HGET', KEYS[5 + i], 'v') or '0'
  if versions[i] ~= ARGV[arg + 4 * (i - 1)] then return {'moved', now} end
end

redis.call('SET', KEYS[1], ARGV[1], 'PX', remember)
if ARGV[3] == '1' then redis.call('SET', KEYS[2], name, 'PX', remember) end
for i = 1, forgotten do redis.call('DEL', KEYS[5 + values + i]) end
for i = 1, values do
  local at = arg + 4 * (i - 1)
  if ARGV[at + 1] == '1' then
    -- A version never comes back, also when the value was forgotten in between.
    local version = math.max(versions[i] + 1, time[1] * 1000000 + time[2])
    redis.call('HSET', KEYS[5 + i], 'v', string.format('%.0f', version), 'c', ARGV[at + 2])
    redis.call('PEXPIRE', KEYS[5 + i], ARGV[at + 3])
  end
end
for i = 1, cases + withdrawn do
  redis.call('SET', KEYS[5 + values + forgotten + i], ARGV[arg + 4 * values + i - 1], 'PX', retention)
end
-- What nobody ever finished or took up goes when its plan has.
local messages = string.sub(KEYS[1], 1, -#name - 1)
for _, old in ipairs(redis.call('ZRANGE', KEYS[3], 0, 1)) do
  if redis.call('EXISTS', messages .. old) == 0 then
    redis.call('ZREM', KEYS[3], old)
    redis.call('ZREM', KEYS[4], old)
  end
end
for _, open in ipairs({KEYS[3], KEYS[4]}) do
  redis.call('ZADD', open, now, name)
  redis.call('PEXPIRE', open, remember, 'NX')
  redis.call('PEXPIRE', open, remember, 'GT')
end
redis.call('HINCRBY', KEYS[5], door .. ':admitted', 1)
return {'admitted', now}
