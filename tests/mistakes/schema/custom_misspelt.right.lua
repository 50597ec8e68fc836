local rows = {}
for row in csv.rows("accounts.csv") do
  rows[#rows + 1] = { externalId = row.id, name = row.name, custom = { Tier = row.tier } }
end
print(planhat.company.bulk_upsert(rows).created)
