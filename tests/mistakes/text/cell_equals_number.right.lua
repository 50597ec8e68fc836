for row in csv.rows("accounts.csv") do
  if row.seats == "25" then print(row.name) end
end
