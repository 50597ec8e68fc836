planhat.company.create{ externalId = "new-1", name = "No score yet" }
for company in planhat.company.each{ select = { "name", "csmScore" } } do
  if (company.csmScore or 0) >= 4 then print(company.name) end
end
