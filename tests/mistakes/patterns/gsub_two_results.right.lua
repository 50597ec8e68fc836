local cell = "1,200"
local mrr = tonumber((cell:gsub(",", "")))
print(mrr)
