-- Records that the plain list does not show are found all the same.
local company = planhat.company.get_list{ limit = 1 }[1]
planhat.enduser.create{ companyId = company._id, externalId = "gone", email = "gone@north.example", archived = true }
local function count(options)
  local n = 0
  for person in planhat.enduser.each(options) do
    if person.externalId == "gone" then n = n + 1 end
  end
  return n
end
print(count{ select = { "externalId" } }, count{ archived = true, select = { "externalId" } })
local result = planhat.enduser.bulk_upsert{ { externalId = "gone", companyId = company._id, firstName = "Zoe" } }
print(result.created, result.updated)
planhat.task.create{ companyId = company._id, sourceId = "old", action = "Call", mainType = "task", isArchived = true }
local n = 0
for task in planhat.task.each{ select = { "sourceId" } } do
  if task.sourceId == "old" then n = n + 1 end
end
print(n)
