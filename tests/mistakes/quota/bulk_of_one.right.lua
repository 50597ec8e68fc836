local companies = {}
for row in csv.rows("accounts.csv") do
  companies[#companies + 1] = { externalId = row.id, name = row.name }
end
print(planhat.company.bulk_upsert(companies).rejected)
