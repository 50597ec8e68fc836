for company in planhat.company.each{ sort = "-mrr", limit = 5 } do
  print(company.name, company.mrr)
end
