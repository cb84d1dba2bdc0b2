-- Goes before every script of an account, which is two keys:
--   KEYS[1]  its live bytestreams: a sorted set of their names by where their leases end, in milliseconds by Redis' clock
--   KEYS[2]  its bytes: a hash of `day` (days since 1970, UTC), `bytes` of that day, and for every live bytestream
--            `of:NAME`, how much of it has been charged since its start
-- Both expire with what they hold; the second is there only where bytes are charged.

local DAY = 86400000
local today = math.floor(now / DAY)

-- Forgets the bytestreams whose leases have run out.
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', digits(now))) do
  redis.call('ZREM', KEYS[1], entry)
  redis.call('HDEL', KEYS[2], 'of:' .. entry)
end

-- The bytes of today.
local function bytes_today()
  if tonumber(redis.call('HGET', KEYS[2], 'day') or '') ~= today then return 0 end
  return tonumber(redis.call('HGET', KEYS[2], 'bytes') or '') or 0
end

-- Counts a bytestream until its lease ends.
local function lease(entry, ms)
  redis.call('ZADD', KEYS[1], digits(now + ms), entry)
  local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  redis.call('PEXPIREAT', KEYS[1], digits(tonumber(last[2])))
end
