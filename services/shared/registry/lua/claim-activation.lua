-- Claims the activation of a room.
-- KEYS: room. ARGV: claimant, lease of an activation in ms.
-- Returns {'activated'}, {'activating'}, {'waiting', halves (JSON)…} or {'claimed', first (JSON), second (JSON)}.

local room = load_room()
if room.tombstone then return { 'activated' } end
if room.activation and room.activation.claimant ~= ARGV[1] then return { 'activating' } end
if room.first and room.second then
  room.activation = { claimant = ARGV[1], ends = now + ARGV[2] }
  save_room(room)
  return { 'claimed', room.first.json, room.second.json }
end
if room.activation then
  room.activation = nil
  save_room(room)
end
local half = room.first or room.second
if half then return { 'waiting', half.json } end
return { 'waiting' }
