local owners = {}
for company in planhat.company.each{ select = { "owner" } } do
  if company.owner then owners[company.owner] = true end
end
print("owners: " .. #owners)
