local owners = {}
for company in planhat.company.each{ select = { "owner" } } do
  if company.owner then owners[company.owner] = true end
end
local tables = require "tables"
print("owners: " .. tables.count(owners))
