-- Deletes page by page until none is left.
local company, rounds, deleted = planhat.company.get_list{ limit = 1 }[1]._id, 0, 0
while true do
  local batch = planhat.enduser.get_list{ limit = 2, companyId = company }
  if #batch == 0 then break end
  for _, person in ipairs(batch) do
    planhat.enduser.delete(person._id)
    deleted = deleted + 1
  end
  rounds = rounds + 1
  assert(rounds < 100)
end
print(rounds, deleted)
local seen = 0
for person in planhat.enduser.each() do
  seen = seen + 1
  planhat.enduser.delete(person._id)
end
print(seen, #planhat.enduser.get_list())
