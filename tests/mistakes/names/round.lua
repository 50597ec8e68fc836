for company in planhat.company.each{ limit = 3 } do
  print(company.name, round((company.mrr or 0) * 12))
end
