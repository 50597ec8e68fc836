local segments = require "segments"
local found = segments.find("Enterprise")
print(found.smallest)
