local region = "eu"
for row in csv.rows("accounts.csv") do
  print(region .. "-" .. row.id)
end
