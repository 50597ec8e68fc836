local tables = require "tables"
local companies = planhat.company.get_list{ select = { "name" } }
local acme = tables.find(companies, function(company) return company.name == "Acme" end)
print("found " .. (acme and acme.name or "nothing"))
