local tables = require "tables"
local rows = {}
for i = 1, 10 do rows[i] = { externalId = "crm-" .. i, name = "Account " .. i } end
for _, chunk in ipairs(tables.chunk(rows, 2)) do
  planhat.company.bulk_upsert(chunk)
end
print(#rows)
