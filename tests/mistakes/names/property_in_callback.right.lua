local tables = require "tables"
local companies = planhat.company.get_list{ select = { "name", "phase" } }
local live = tables.filter(companies, function(company)
  return company.phase ~= nil
end)
print(#live)
