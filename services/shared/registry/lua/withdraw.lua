-- Takes a relay off the list.
-- KEYS: directory. ARGV: name of the relay.
-- Returns nil.

redis.call('HDEL', KEYS[1], ARGV[1])
