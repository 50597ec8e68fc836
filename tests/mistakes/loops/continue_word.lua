for row in csv.rows("accounts.csv") do
  if not row.tier then continue end
  print(row.name)
end
