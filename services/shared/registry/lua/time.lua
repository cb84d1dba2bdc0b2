-- Goes before every script: the time by Redis' own clock, so that the clocks of pods never matter.
-- Replicas are sent the effects of a script, not the script, so asking for the time is safe.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Milliseconds since the epoch as digits; Lua by itself would write 1.7e+12.
local function digits(ms)
  return string.format('%.0f', ms)
end
