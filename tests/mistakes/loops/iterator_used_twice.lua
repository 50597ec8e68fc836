local companies = planhat.company.each{ limit = 5 }
local total = 0
for company in companies do total = total + (company.mrr or 0) end
for company in companies do print(company.name, (company.mrr or 0) / math.max(total, 1)) end
