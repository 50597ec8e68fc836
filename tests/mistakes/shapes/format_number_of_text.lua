for row in csv.rows("accounts.csv") do
  print(("%s has %d seats"):format(row.name, row.seats))
end
