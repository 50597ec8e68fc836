-- The items that functions of functions get.
local tables = require "tables"
local companies = planhat.company.get_list{ select = { "name", "mrr", "renewalDate" } }
table.sort(companies, function(a, b) return a.mrr > b.mr end) --> not-selected: 'mr'
local big = tables.filter(companies, function(c) return c.nmae ~= "" and c.owner ~= nil end) --> unknown-property: did you mean 'name' --> not-selected: 'owner'
print(tables.reduce(companies, 0, function(sum, c) return sum + (c.mmr or 0) end), #big) --> unknown-property: 'mmr'
print(tables.sum(companies, function(c) return c.renewalDate - 5 end)) --> date: needs numbers
local names = tables.map(companies, function(c, i) return i .. c.name end)
for _, c in ipairs(companies) do c.names = c.name end
print(tables.map(companies, function(c) return c.names end), names)
print(tables.map(companies, function(c) c = {} return c.nmae end)) --> unused-assignment: the value of 'c' is never read
print(tables.map(tables.keys({}), function(c) return c.nmae end))
