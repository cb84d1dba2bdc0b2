-- Lists a relay, or refreshes it.
-- KEYS: directory. ARGV: name of the relay, its record (JSON), its lease in ms.
-- Returns {record (JSON)…} of all relays, in no order.

redis.call('HSET', KEYS[1], ARGV[1], digits(now + ARGV[3]) .. ' ' .. ARGV[2])
local records, last = prune()
redis.call('PEXPIREAT', KEYS[1], digits(last))
return records
