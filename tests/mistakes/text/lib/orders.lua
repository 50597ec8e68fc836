-- The orders of the shop.
local orders = {}

function orders.all()
  return csv.read("orders.csv")
end

return orders
