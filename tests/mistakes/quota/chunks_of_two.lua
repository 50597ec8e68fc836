local tables = require "tables"
local rows = {}
for i = 1, 10 do rows[i] = { externalId = "crm-" .. i, name = "Account " .. i } end
for _, chunk in ipairs(tables.chunk(rows, 2)) do
  print(planhat.company.bulk_upsert(chunk).rejected)
end
print(#rows)
