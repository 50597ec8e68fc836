local rows = {}
for row in csv.rows("accounts.csv") do
  rows[#rows + 1] = { name = row.name, description = row.tier }
end
print(planhat.company.bulk_upsert(rows).rejected)
