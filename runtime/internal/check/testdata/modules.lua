local segments = require "segments"
local circular = require("circular")
print(segments.largest(3).name)                 --> unknown-property: is a list, so it has no field 'name'
for _, c in ipairs(segments.largest(3)) do
  print(c.nmae, segments.key(c))                --> unknown-property: did you mean 'name'
end
print(segments.make_key({}))                    --> unknown-function: the module in 'segments' has no function 'make_key'
print(segments.lagest(3))                       --> unknown-function: did you mean 'largest'
local found = segments.find("large")
print(found.name)                               --> no-result: this is nil: 'segments.find' returns nothing
planhat.company.create{ name = "A", externalId = segments.key({}), status = segments.status } --> wrong-value: 'status' of a company must be one of
print(circular.segments, #segments.key({}))
