local names = {}
for row in csv.rows("accounts.csv") do
  names[#names + 1] = row.name:trim()
end
print(table.concat(names, ", "))
