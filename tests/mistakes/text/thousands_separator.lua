local amount = "1,200"
local mrr = tonumber(amount) or 0
print(mrr * 12)
