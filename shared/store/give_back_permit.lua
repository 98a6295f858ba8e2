#!lua flags=allow-oom
-- Ends a call: frees its places and corrects what it was charged. Without a permit (never taken, given back
-- before, expired) only places and bookings go.
-- KEYS  permit, then of each limit: rates, booked, held
-- ARGV  id, then of each limit: requests_us, tokens_us as for take_permit, and what to add to the requests
--       and to the tokens (us, may be negative)
-- Returns 1 | 0 (there was no permit)
local id = ARGV[1]
local at = tonumber(redis.call('GET', KEYS[1]) or nil)
redis.call('DEL', KEYS[1])
for i = 1, (#KEYS - 1) / 3 do
  local rates, booked, held = KEYS[3 * i - 1], KEYS[3 * i], KEYS[3 * i + 1]
  redis.call('ZREM', held, id)
  redis.call('ZREM', booked, ARGV[4 * i - 2] .. '|' .. ARGV[4 * i - 1] .. '|' .. id)
  for b, name in ipairs({'requests', 'tokens'}) do
    local add = tonumber(ARGV[4 * i - 1 + b])
    local f = redis.call('HMGET', rates, name, name .. '_busy')
    -- Less than it was charged: no matter if the bucket was idle since.
    if at and f[1] and (add > 0 or (add < 0 and at >= tonumber(f[2] or 0))) then
      redis.call('HSET', rates, name, string.format('%.0f', tonumber(f[1]) + add))
      if add > 0 then
        redis.call('PEXPIRE', rates, string.format('%.0f', redis.call('PTTL', rates) + math.ceil(add / 1000)))
      end
    end
  end
end
return at and 1 or 0
