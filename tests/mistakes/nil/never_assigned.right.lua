local region
for row in csv.rows("accounts.csv") do
  print("eu-" .. row.id)
end
