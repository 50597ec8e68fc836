local rows = {}
for row in csv.rows("accounts.csv") do
  rows = table.insert(rows, { externalId = row.id, name = row.name })
end
print(rows and #rows)
