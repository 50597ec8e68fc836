local wanted = "company-7"
for company in planhat.company.each() do
  if company.externalId == wanted then print(company.name) end
end
