local rows
for row in csv.rows("accounts.csv") do
  rows = {}
  rows[#rows + 1] = { externalId = row.id, name = row.name }
end
print(planhat.company.bulk_upsert(rows).rejected)
