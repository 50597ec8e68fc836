local rows = csv.rows("contacts.csv")
for _, row in ipairs(rows) do
  print(row.email)
end
