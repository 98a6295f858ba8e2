#!lua flags=allow-oom
-- Takes over lines of evidence that wait in another shard, each once: they come in the order of their stream, and
-- the last one that was taken is remembered.
-- KEYS  evidence, learned, taken (hash shard -> its last line that is here), wanted
-- ARGV  channel, shard, then entry there, member of learned or "", line ...
-- Returns the number of new ones
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local last = redis.call('HGET', KEYS[3], ARGV[2]) or '0-0'
local last_ms, last_seq = parts(last)
local new = 0
for i = 3, #ARGV, 3 do
  local ms, seq = parts(ARGV[i])
  if ms > last_ms or (ms == last_ms and seq > last_seq) then
    redis.call('XADD', KEYS[1], '*', 'e', ARGV[i + 2])
    if ARGV[i + 1] ~= '' then redis.call('SADD', KEYS[2], ARGV[i + 1]) end
    last, last_ms, last_seq = ARGV[i], ms, seq
    new = new + 1
  end
end
if new > 0 then
  redis.call('HSET', KEYS[3], ARGV[2], last)
  if redis.call('HDEL', KEYS[4], 'evidence') == 1 then redis.call('PUBLISH', ARGV[1], 'evidence') end
end
return new
