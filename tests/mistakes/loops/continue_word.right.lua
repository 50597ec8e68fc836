for row in csv.rows("accounts.csv") do
  if row.tier then print(row.name) end
end
