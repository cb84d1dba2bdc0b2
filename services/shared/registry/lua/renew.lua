-- Extends the lease of a half and writes its record anew; registers it again where it was lost.
-- KEYS: room. ARGV: half (JSON), lease of a half in ms.
-- Returns 1, or 0 when the room has no place for it.

local room = load_room()
local half = read_half(ARGV[1])
half.ends = now + ARGV[2]
local slot = slot_of(room, half.id) or free_slot(room)
if room.tombstone or not slot then return 0 end
room[slot] = half
save_room(room)
return 1
