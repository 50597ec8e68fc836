-- Rows that create, update and change nothing, and records made of their ids.
local known = planhat.company.get_by_id("extid-company-3")
local rows = {
  { externalId = "east", name = "East" }, { externalId = "west", name = "West" },
  { externalId = "company-3", name = known.name }, { externalId = "company-4", name = "Renamed" },
}
local first = planhat.company.bulk_upsert(rows)
print(first.created, first.updated, first.unchanged, table.concat(first.outcomes, " "))
local people = {}
for i, id in pairs(first.ids) do people[#people + 1] = { companyId = id, email = "person" .. i .. "@east.example" } end
table.sort(people, function(a, b) return a.email < b.email end)
print(planhat.enduser.bulk_upsert(people).created)
local second = planhat.company.bulk_upsert(rows)
print(second.created, second.updated, second.unchanged)
print(planhat.company.get_by_id("extid-company-4").name, planhat.company.get_by_id(first.ids[1]).name)
local n = 0
for company in planhat.company.each{ select = { "name" } } do
  if company.name == "East" or company.name == "West" or company.name == "Renamed" then n = n + 1 end
end
print(n, #planhat.company.get_list(), #planhat.company.get_lean_list(), #planhat.company.get_lean_list{ externalId = "east" })
print(planhat.company.bulk_upsert{ { name = "No key" }, { name = "None either" } }.created)
