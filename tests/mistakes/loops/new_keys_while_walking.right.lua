local owners = { acme = "kim", globex = "lee", hooli = "ada" }
local more = {}
for account, owner in pairs(owners) do
  more[account .. "-backup"] = owner
end
print(more["acme-backup"])
