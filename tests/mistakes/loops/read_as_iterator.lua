for row in csv.read("contacts.csv") do
  print(row.email)
end
