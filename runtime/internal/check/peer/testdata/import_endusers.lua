file = args[1] or "endusers.csv"
seen = {}
local rejected = 0
for _, row in ipairs(csv.read(file)) do
  if seen[row.email] then
    rejected = rejected + 1
  else
    seen[row.email] = true
    local enduser = { email = row.email, companyId = planhat.extid(row.account) }
    if row.name then enduser.firstName, enduser.lastName = row.name:match("^(%S+)%s+(.*)$") end
    planhat.enduser.create(enduser)
  end
end
