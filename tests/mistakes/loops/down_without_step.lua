local companies = planhat.company.get_list{ sort = "mrr", limit = 5 }
for i = #companies, 1 do
  print(companies[i].name)
end
