-- Counts a live bytestream for another lease.
-- KEYS: account. ARGV: name of the bytestream, lease in ms.
-- Returns nil.

lease(ARGV[1], ARGV[2])
