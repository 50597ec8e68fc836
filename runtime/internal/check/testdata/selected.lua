-- Properties that select left out.
for c in planhat.company.each{ select = { "name" }, limit = 3 } do
  if not c.owner then print(c.name, c._id) end --> not-selected: select does not include 'owner'
  print(c.custom, c["phase"])          --> not-selected: 'custom' --> not-selected: 'phase'
  print(c.onwer)                       --> unknown-property: did you mean 'owner'
end
for c in planhat.company.each{ select = "name, custom.Tier,owner.nickName" } do
  print(c.name, c.custom.Tier, c.owner, c.mrr) --> not-selected: 'mrr'
end
local companies = planhat.company.get_list{ select = { "name", "mrr" } }
print(companies[1].phase)              --> not-selected: 'phase'
for _, row in ipairs(companies) do
  print(row.name, row.mrr, row.country) --> not-selected: 'country'
  row.city = "x"
  print(row.city)
end
local options = { select = "name" }
for _, c in ipairs(planhat.company.get_list(options)) do print(c.owner) end --> not-selected: 'owner'
local found = planhat.try(planhat.company.get_list, { select = "name" })
print(found and found[1].owner)        --> not-selected: 'owner'
for _, c in ipairs(planhat.company.get_lean_list()) do print(c.name, c.owner) end --> not-selected: get_lean_list does not return 'owner'
-- What is read, or what is asked for, is not certain.
local field = args[1]
for c in planhat.company.each{ select = { "name", field } } do print(c.owner) end
for c in planhat.company.each{ select = field } do print(c.owner) end
for c in planhat.company.each{ [field] = "x" } do print(c.owner) end
for c in planhat.company.each{ limit = 1 } do print(c.owner) end
local names = { "name" }
names[#names + 1] = "owner"
for c in planhat.company.each{ select = names } do print(c.owner) end
local later = {}
later.select = "name"
for c in planhat.company.each(later) do print(c.owner) end
planhat.company.export{ to = "out/a.csv", columns = { "name", "onwer", "custom.Tier", "extra" } } --> unknown-property: did you mean 'owner'
