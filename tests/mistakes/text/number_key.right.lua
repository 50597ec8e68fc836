local by_order = {}
for row in csv.rows("orders.csv") do by_order[row.order] = row end
local order = by_order["1001"]
print(order and order.amount)
