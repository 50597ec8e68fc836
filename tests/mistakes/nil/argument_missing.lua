local file = args[1]
for row in csv.rows(file) do
  print(row.name)
end
