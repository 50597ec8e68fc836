local rows = {}
local record = {}
for row in csv.rows("accounts.csv") do
  record.externalId, record.name = row.id, row.name
  rows[#rows + 1] = record
end
print(planhat.company.bulk_upsert(rows).created)
