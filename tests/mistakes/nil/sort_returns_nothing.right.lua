local companies = planhat.company.get_list{ limit = 10 }
local sorted = companies
table.sort(sorted, function(a, b) return a.name < b.name end)
for _, company in ipairs(sorted) do
  print(company.name)
end
