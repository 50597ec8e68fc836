local owners = { acme = "kim", globex = "lee", hooli = "ada" }
for account, owner in pairs(owners) do
  owners[account .. "-backup"] = owner
end
print(owners["acme-backup"])
