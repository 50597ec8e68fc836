local orders = require "orders"
for _, row in ipairs(orders.all()) do
  if row.amount >= 1000 then print(row.order) end
end
