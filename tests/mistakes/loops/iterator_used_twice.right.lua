local companies = planhat.company.get_list{ limit = 5 }
local total = 0
for _, company in ipairs(companies) do total = total + (company.mrr or 0) end
for _, company in ipairs(companies) do print(company.name, (company.mrr or 0) / math.max(total, 1)) end
