local name = "Acme (Sweden)"
local at = name:find(" (")
print(name:sub(1, at - 1))
