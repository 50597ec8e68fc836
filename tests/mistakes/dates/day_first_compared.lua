for row in csv.rows("orders.csv") do
  if row.placed < "15.02.2026" then print("order " .. row.order .. " is from before the price change") end
end
