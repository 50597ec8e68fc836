local users = {}
for _, user in ipairs(planhat.user.get_list()) do users[user.email] = user._id end
local changes = 0
for row in csv.rows("owners.csv") do
  local owner = users[row.owner]
  if not owner then
    log.warn("no such user", { email = row.owner, line = line })
  else
    planhat.company.update("extid-" .. row.id, { owner = owner })
    changes = changes + 1
  end
end
print(changes .. " changes")
return changes, users
