local by_id = {}
for row in csv.rows("accounts.csv") do
  by_id[row.id] = { externalId = row.id, name = row.name }
end
local result = planhat.company.bulk_upsert(by_id)
print(result.created)
