-- Counts a bytestream, unless as many as may be are live or the bytes of the day are used up.
-- KEYS: account. ARGV: name of the bytestream, lease in ms, most bytestreams, most bytes a day; 0 is any number.
-- Returns {'entered'}, {'again'}, {'crowded'} or {'spent', when the next day begins in ms}.

local most, most_bytes = tonumber(ARGV[3]), tonumber(ARGV[4])
local again = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not again then
  if most > 0 and redis.call('ZCARD', KEYS[1]) >= most then return { 'crowded' } end
  if most_bytes > 0 and bytes_today() >= most_bytes then return { 'spent', digits((today + 1) * DAY) } end
end
lease(ARGV[1], ARGV[2])
return { again and 'again' or 'entered' }
