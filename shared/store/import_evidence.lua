-- Evidence from elsewhere, each case once.
-- KEYS  learned, evidence, wanted     ARGV  channel, then member of learned, line ...
-- Returns the number of new ones
local new = 0
for i = 2, #ARGV, 2 do
  if redis.call('SADD', KEYS[1], ARGV[i]) == 1 then
    redis.call('XADD', KEYS[2], '*', 'e', ARGV[i + 1])
    new = new + 1
  end
end
if new > 0 and redis.call('HDEL', KEYS[3], 'evidence') == 1 then redis.call('PUBLISH', ARGV[1], 'evidence') end
return new
