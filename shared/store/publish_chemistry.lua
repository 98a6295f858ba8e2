#!lua flags=allow-oom
-- Publishes reports and board made from the matrix at one cursor, unless it was replaced since, or what
-- stands published was made from a later line of the same one.
-- KEYS  ledger, learning, ensembles, track_records, report of each kind ...
-- ARGV  epoch, cursor, stamp, channel, board, records, report ...
-- Returns 1 | 0 (left alone)
local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
if epoch ~= tonumber(ARGV[1]) then return 0 end
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms or 0), tonumber(seq or 0)
end
local stands = redis.call('HGET', KEYS[2], 'published') or ''
local stood_epoch, stood_at = string.match(stands, '^(%d+) ([%d-]*) ')
if stood_epoch and tonumber(stood_epoch) == epoch then
  local ms, seq = parts(stood_at)
  local new_ms, new_seq = parts(ARGV[2])
  if new_ms < ms or (new_ms == ms and new_seq < seq) then return 0 end
end
redis.call('SET', KEYS[3], ARGV[5])
redis.call('SET', KEYS[4], ARGV[6])
for i = 5, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 2]) end
redis.call('HSET', KEYS[2], 'published', ARGV[3])
redis.call('PUBLISH', ARGV[4], 'ensembles')
return 1
