local rows = {}
for row in csv.rows("accounts.csv") do
  rows[#rows] = { externalId = row.id, name = row.name }
end
local result = planhat.company.bulk_upsert(rows)
print(result.rows)
