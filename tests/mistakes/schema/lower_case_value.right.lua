local gold = 0
for company in planhat.company.each() do
  if company.custom and company.custom.Tier == "Gold" then gold = gold + 1 end
end
print(gold)
