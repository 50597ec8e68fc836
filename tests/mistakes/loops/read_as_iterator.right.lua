for row in csv.rows("contacts.csv") do
  print(row.email)
end
