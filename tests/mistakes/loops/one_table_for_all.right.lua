local rows = {}
for row in csv.rows("accounts.csv") do
  local record = {}
  record.externalId, record.name = row.id, row.name
  rows[#rows + 1] = record
end
print(planhat.company.bulk_upsert(rows).created)
