local rows = {}
for row in csv.rows("accounts.csv") do
  rows[#rows + 1] = { externalId = row.id, name = row.name, custom = { Seats = tonumber(row.seats) } }
end
print(planhat.company.bulk_upsert(rows).created)
