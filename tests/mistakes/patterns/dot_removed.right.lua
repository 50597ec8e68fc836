local amount = "1.200.000"
local plain = amount:gsub("%.", "")
print(plain)
