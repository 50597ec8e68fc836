for company in planhat.company.each{ limit = 5 } do
  print(company.Name)
end
