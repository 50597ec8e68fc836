local rows = csv.rows("contacts.csv")
for row in rows do
  print(row.email)
end
