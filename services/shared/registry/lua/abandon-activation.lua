-- Gives an activation up, if it is still this claimant's: both halves wait on.
-- KEYS: room. ARGV: claimant.
-- Returns nil.

local room = load_room()
if room.activation and room.activation.claimant == ARGV[1] then
  room.activation = nil
  save_room(room)
end
