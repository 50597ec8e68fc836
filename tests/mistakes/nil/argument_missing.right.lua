local file = args[1] or "accounts.csv"
for row in csv.rows(file) do
  print(row.name)
end
