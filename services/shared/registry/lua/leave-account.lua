-- Counts a bytestream no more.
-- KEYS: account. ARGV: name of the bytestream.
-- Returns nil.

redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], 'of:' .. ARGV[1])
