local segments = require "segments"
local found = segments.get("Enterprise")
print(found.smallest)
