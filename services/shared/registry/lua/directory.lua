-- Goes before every script of the relay directory: KEYS[1] is one hash with a field for each relay's name, which holds
-- where its lease ends (in milliseconds by Redis' clock), a space, and the JSON of its RelayRecord.

-- The records (JSON) of all relays whose lease has not run out, and where the longest lease ends. The others are
-- deleted, and so is what never was a record.
local function prune()
  local entries = redis.call('HGETALL', KEYS[1])
  local records, last = {}, 0
  for index = 1, #entries, 2 do
    local ends, json = string.match(entries[index + 1], '^(%d+) (.*)$')
    if ends and tonumber(ends) > now then
      records[#records + 1] = json
      last = math.max(last, tonumber(ends))
    else
      redis.call('HDEL', KEYS[1], entries[index])
    end
  end
  return records, last
end
