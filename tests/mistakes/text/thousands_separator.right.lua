local amount = "1,200"
local mrr = money.parse(amount, { decimal = "." })
print(mrr * 12)
