local companies = planhat.company.get_list{ select = { "name", "mrr" } }
table.sort(companies, function(a, b)
  return (b.mrr or 0) < (a.mrr or 0)
end)
print(companies[1].name)
