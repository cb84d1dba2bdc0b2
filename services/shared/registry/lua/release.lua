-- Frees the slot of a half, if it is still its own.
-- KEYS: room. ARGV: id of the half.
-- Returns nil.

local room = load_room()
local slot = slot_of(room, ARGV[1])
if slot then
  room[slot] = nil
  save_room(room)
end
