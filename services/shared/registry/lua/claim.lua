-- Claims a slot of a room.
-- KEYS: room. ARGV: half (JSON), lease of a half in ms.
-- Returns {slot}, {slot, half that gave way (JSON)}, or {'taken'}.

-- Nobody gives way while an activation is about to join the two.
local function replaceable_slot(room)
  if room.activation then return nil end
  return room.first.replaceable and 'first' or room.second.replaceable and 'second' or nil
end

local room = load_room()
local half = read_half(ARGV[1])
half.ends = now + ARGV[2]
if room.tombstone then return { 'taken' } end
local slot = slot_of(room, half.id) or free_slot(room) or replaceable_slot(room)
if not slot then return { 'taken' } end
local holder = room[slot]
room[slot] = half
save_room(room)
if holder and holder.id ~= half.id then return { slot, holder.json } end
return { slot }
