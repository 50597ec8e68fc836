local options = { limit = 5 }
options.order_by = "-mrr"
for company in planhat.company.each(options) do
  print(company.name, company.mrr or 0)
end
