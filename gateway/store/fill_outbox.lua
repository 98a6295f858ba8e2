-- Adds the messages made from a piece of the feed and moves the cursor on, if it is still where that piece began.
-- What is not newer than what was added of its case is left out. Refused without memory, whole.
-- KEYS  outbox, outbox:state, then the newest revision of each message's case ...
-- ARGV  cursor, next cursor, most entries, how long revisions are known in ms, then of each message: case, revision, bytes
-- Returns {"filled", cursor, added} | {"moved", cursor} | {"full", entries}
local cursor = redis.call('HGET', KEYS[2], 'cursor') or ''
if cursor ~= ARGV[1] then return {'moved', cursor} end
local messages = (#ARGV - 4) / 3
local entries = redis.call('XLEN', KEYS[1])
-- A piece goes in as a whole, or nothing ever would that is larger than the room; the bound is soft by one piece.
if messages > 0 and entries >= tonumber(ARGV[3]) then return {'full', entries} end
redis.call('HSET', KEYS[2], 'cursor', ARGV[2])
local added = 0
for i = 1, messages do
  local case, revision, bytes = ARGV[2 + 3 * i], tonumber(ARGV[3 + 3 * i]), ARGV[4 + 3 * i]
  if revision > tonumber(redis.call('GET', KEYS[2 + i]) or 0) then
    redis.call('XADD', KEYS[1], '*', 'c', case, 'r', revision, 'b', bytes)
    redis.call('SET', KEYS[2 + i], revision, 'PX', ARGV[4])
    added = added + 1
  end
end
return {'filled', ARGV[2], added}
