local source = "accounts.csv"
local result = planhat.company.import{ from = source, key = "externalId", columns = { id = "externalId", name = "name" } }
print(result.created)
