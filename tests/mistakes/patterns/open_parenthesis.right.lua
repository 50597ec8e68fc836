local name = "Acme (Sweden)"
local at = name:find(" (", 1, true)
print(name:sub(1, at - 1))
