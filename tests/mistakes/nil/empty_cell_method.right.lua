for row in csv.rows("accounts.csv") do
  print(row.name, (row.tier or "none"):upper())
end
