local source = "accounts.csv"
local result = planhat.company.bulk_upsert(source)
print(result.created)
