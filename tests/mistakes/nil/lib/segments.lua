-- Segments of customers by MRR.
local segments = {}

local list = {
  Enterprise = { smallest = 5000 },
  Small = { smallest = 0 },
}

function segments.get(name)
  return list[name] or list.Small
end

-- find looks a segment up, and logs it.
function segments.find(name)
  local segment = segments.get(name)
  log.debug("segment", { name = name, smallest = segment.smallest })
end

return segments
