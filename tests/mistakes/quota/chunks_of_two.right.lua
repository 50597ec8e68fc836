local tables = require "tables"
local rows = {}
for i = 1, 10 do rows[i] = { externalId = "crm-" .. i, name = "Account " .. i } end
planhat.company.bulk_upsert(rows)
print(#tables.unique(rows))
