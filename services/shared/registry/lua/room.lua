-- Goes before every script of a room: reads the room at KEYS[1], and writes it back.
--
-- A room is one hash:
--   first, second                the halves: JSON of a HalfRecord
--   activation                   the claimant of the activation
--   first.until, second.until,
--   activation.until, tombstone  where each lease ends, in milliseconds by Redis' clock
-- Fields that another version adds are left alone. The key expires with the longest of its leases.

local function malformed(what)
  error('malformed room: ' .. what)
end

-- The end of a lease, or nil when it has run out.
local function lease(text)
  local ends = tonumber(text)
  if not ends then malformed('a lease without its end') end
  return ends > now and ends or nil
end

local function read_half(json)
  local read, half = pcall(cjson.decode, json)
  if not read or type(half) ~= 'table' or type(half.id) ~= 'string' then malformed('a half without its id') end
  return { id = half.id, replaceable = half.replaceable == true, json = json }
end

-- What the room holds now: first, second, activation and tombstone, each absent when its lease has run out.
local function load_room()
  local fields = redis.call('HMGET', KEYS[1], 'first', 'first.until', 'second', 'second.until',
    'activation', 'activation.until', 'tombstone')
  local room = {}
  for index, slot in pairs({ [1] = 'first', [3] = 'second' }) do
    local ends = fields[index] and lease(fields[index + 1])
    if ends then
      room[slot] = read_half(fields[index])
      room[slot].ends = ends
    end
  end
  local activation_ends = fields[5] and lease(fields[6])
  if activation_ends then room.activation = { claimant = fields[5], ends = activation_ends } end
  room.tombstone = fields[7] and lease(fields[7]) or nil
  return room
end

local function save_room(room)
  local fields, last = {}, 0
  local function keep(name, value, ends)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
    last = math.max(last, ends)
  end
  for _, slot in ipairs({ 'first', 'second' }) do
    local half = room[slot]
    if half then
      keep(slot, half.json, half.ends)
      keep(slot .. '.until', digits(half.ends), half.ends)
    end
  end
  if room.activation then
    keep('activation', room.activation.claimant, room.activation.ends)
    keep('activation.until', digits(room.activation.ends), room.activation.ends)
  end
  if room.tombstone then keep('tombstone', digits(room.tombstone), room.tombstone) end

  if #fields == 0 then
    redis.call('DEL', KEYS[1])
    return
  end
  redis.call('HDEL', KEYS[1], 'first', 'first.until', 'second', 'second.until',
    'activation', 'activation.until', 'tombstone')
  redis.call('HSET', KEYS[1], unpack(fields))
  redis.call('PEXPIREAT', KEYS[1], digits(last))
end

local function slot_of(room, id)
  return room.first and room.first.id == id and 'first' or room.second and room.second.id == id and 'second' or nil
end

local function free_slot(room)
  return not room.first and 'first' or not room.second and 'second' or nil
end
