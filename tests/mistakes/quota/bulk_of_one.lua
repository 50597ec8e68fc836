for row in csv.rows("accounts.csv") do
  planhat.company.bulk_upsert{ { externalId = row.id, name = row.name } }
end
