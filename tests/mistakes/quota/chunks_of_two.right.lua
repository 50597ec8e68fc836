local tables = require "tables"
local rows = {}
for i = 1, 10 do rows[i] = { externalId = "crm-" .. i, name = "Account " .. i } end
print(planhat.company.bulk_upsert(rows).rejected)
print(#tables.unique(rows))
