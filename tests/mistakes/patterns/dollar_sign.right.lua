local price = "$1200"
local mrr = tonumber((price:gsub("%$", "")))
print(mrr)
