planhat.company.create{ externalId = "1001", name = "Acme" }
for company in planhat.company.each{ select = { "name", "externalId" } } do
  if company.externalId == "1001" then print(company.name) end
end
