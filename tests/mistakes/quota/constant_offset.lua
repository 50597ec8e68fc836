local companies = {}
for _ = 1, 5 do
  local list = planhat.company.get_list{ limit = 10, offset = 10 }
  for _, company in ipairs(list) do companies[#companies + 1] = company end
end
print(#companies)
