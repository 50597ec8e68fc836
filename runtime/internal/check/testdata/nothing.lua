-- A function that forgot its return hands over nothing.
local function rows() local t = { { externalId = "a-1", name = "Acme" } } print(#t) end
print(planhat.company.bulk_upsert(rows())) --> wrong-arguments: argument 1, 'rows', is missing: a list (table) or a function expected
local none = rows()
print(planhat.company.bulk_upsert(none)) --> wrong-arguments: argument 1, 'rows', is missing
print(planhat.company.bulk_upsert()) --> wrong-arguments: argument 1, 'rows', is missing
print(planhat.company.bulk_upsert(nil)) --> wrong-arguments: argument 1, 'rows', is missing
print(json.encode(rows()), #planhat.company.get_list(rows()))

-- What an inner function returns is not the outer one's result.
local function inner()
  return require("tables").map({}, function(row) return row end)
end
local function outer()
  print(inner(), function() return 1 end)
end
print(planhat.company.get_by_id(outer())) --> wrong-arguments: argument 1, 'id', is missing
print(planhat.company.bulk_upsert(inner()))

-- One that always fails does not come to an end.
local function later() error("not written yet") end
print(planhat.company.get_by_id(later()))
