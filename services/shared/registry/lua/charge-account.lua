-- Charges what a bytestream has relayed since its last charge to the day, and counts it for another lease.
-- KEYS: account. ARGV: name of the bytestream, lease in ms, its bytes at the last charge that was answered, its bytes now.
-- Returns the bytes of the day, as digits.

local of = 'of:' .. ARGV[1]
-- What is known here wins: the answer to the last charge may have been lost.
local charged = tonumber(redis.call('HGET', KEYS[2], of) or ARGV[3])
local total = math.max(tonumber(ARGV[4]), charged)
local bytes = bytes_today() + total - charged
redis.call('HSET', KEYS[2], 'day', digits(today), 'bytes', digits(bytes), of, digits(total))
lease(ARGV[1], ARGV[2])
redis.call('PEXPIREAT', KEYS[2], digits(math.max((today + 1) * DAY, now + ARGV[2])))
return digits(bytes)
