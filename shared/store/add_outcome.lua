-- Adds what somebody says was right to the record of an ended case, and tells the aggregators. What the same one
-- said last is not added again. The record lives as long as it would have.
-- KEYS  case, events, wanted
-- ARGV  id, channel, outcome, who says so, revision it speaks about or 0, outcomes_max
-- Returns {"recorded" | "duplicate", count, state, what is known or ""} | {"unknown"} | {"live", state} |
--         {"revision", the last one} | {"full", count}
local f = redis.call('HMGET', KEYS[1], 'state', 'rev', 'v', 'outcomes', 'known', 'outcome_by:' .. ARGV[4])
local state, count = f[1], tonumber(f[4] or 0)
if not state then return {'unknown'} end
local ended = state == 'complete' or state == 'degraded' or state == 'insufficient' or state == 'failed'
if not ended or tonumber(f[2] or 0) < 1 then return {'live', state} end
if tonumber(ARGV[5]) > tonumber(f[2]) then return {'revision', tonumber(f[2])} end
if f[6] and redis.call('HGET', KEYS[1], 'outcome:' .. f[6]) == ARGV[3] then
  return {'duplicate', count, state, f[5] or ''}
end
if count >= tonumber(ARGV[6]) then return {'full', count} end
count = count + 1
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'outcomes', count, 'outcome:' .. count, ARGV[3], 'outcome_at:' .. count,
           string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)), 'outcome_by:' .. ARGV[4], count,
           'v', f[3] + 1)
redis.call('XADD', KEYS[2], '*', 'c', ARGV[1])
if redis.call('HDEL', KEYS[3], 'event') == 1 then redis.call('PUBLISH', ARGV[2], 'event') end
return {'recorded', count, state, f[5] or ''}
