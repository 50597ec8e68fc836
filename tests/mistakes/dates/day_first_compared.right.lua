for row in csv.rows("orders.csv") do
  if time.parse(row.placed, { format = "%d.%m.%Y" }) < time.parse("2026-02-15") then print("order " .. row.order .. " is from before the price change") end
end
