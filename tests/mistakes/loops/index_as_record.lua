local companies = planhat.company.get_list{ limit = 5 }
for company in ipairs(companies) do
  print(company.name)
end
