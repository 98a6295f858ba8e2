#!lua flags=no-writes
-- KEYS  outbox, outbox:state, aside
-- Returns {now, entries, first entry or "", set aside, first set aside or "", cursor, sender, seen, tries, refusals, why, sent, since}
local time = redis.call('TIME')
local function first(key)
  local entry = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
  return entry and entry[1] or ''
end
local f = redis.call('HMGET', KEYS[2], 'cursor', 'sender', 'seen', 'tries', 'refusals', 'why', 'sent', 'since')
local reply = {time[1] * 1000 + math.floor(time[2] / 1000), redis.call('XLEN', KEYS[1]), first(KEYS[1]),
               redis.call('XLEN', KEYS[3]), first(KEYS[3])}
for i = 1, 8 do reply[#reply + 1] = f[i] or '' end
return reply
