local companies = planhat.company.get_list{ limit = 5 }
for _, company in ipairs(companies) do
  print(company.name)
end
