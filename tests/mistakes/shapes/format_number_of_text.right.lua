for row in csv.rows("accounts.csv") do
  print(("%s has %s seats"):format(row.name, row.seats))
end
