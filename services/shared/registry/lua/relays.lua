-- Lists the relays.
-- KEYS: directory.
-- Returns {record (JSON)…} in no order.

local records = prune()
return records
