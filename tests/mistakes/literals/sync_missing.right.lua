local how = "report"
local result = planhat.company.sync({ { externalId = "company-1", name = "Acme" } }, { missing = how })
print(#result.missing)
