local options = { limit = 5 }
options.sort = "-mrr"
for company in planhat.company.each(options) do
  print(company.name, company.mrr or 0)
end
