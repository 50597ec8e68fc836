for i, row in csv.read("accounts.csv") do
  print(i, row.name)
end
