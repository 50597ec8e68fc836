local cells = { account = "00107", name = "Acme" }
local key = cells.account
local result = planhat.company.bulk_upsert{ { externalId = key, name = cells.name } }
print(result.created)
