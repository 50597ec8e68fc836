total = 0
total = total + 1
function add(n) total = total + n end
function helpers.trim(s) return s end
add(undefined_thing)
Config = { retries = 3 }
Config.retries = 4
print(Config.retries, unknown.field.deep, unknown[1], unknown:method())
string.trim = function(s) return s end
local x = string.trim("x")
print(_G.whatever, _VERSION)
table.unpack = unpack
os = nil
