for company in planhat.company.each{ limit = 3 } do
  print(company.name, math.floor((company.mrr or 0) * 12 + 0.5))
end
