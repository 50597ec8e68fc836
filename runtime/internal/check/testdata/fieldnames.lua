-- The names of fields that functions take.
local tables = require "tables"
local companies = planhat.company.get_list{ select = { "name", "mrr" } }
print(tables.sum(companies, "MRR"))    --> unknown-property: did you mean 'mrr'
print(tables.sum(companies, "mrr"), tables.group_by(companies, "phase")) --> not-selected: 'phase'
print(tables.index_by(companies, "_id"), tables.index_by(companies, "own_field"))
local sorted = tables.sort_by(planhat.company.get_list(), "naem", true) --> unknown-property: did you mean 'name'
print(#sorted, tables.unique(planhat.user.get_list(), "emial")) --> unknown-property: did you mean 'email'
for _, company in ipairs(companies) do company.mrrs = company.mrr * 12 end
print(tables.sum(companies, "mrrs"), tables.sum({ { nmae = 1 } }, "nmae"))
