local companies = planhat.company.get_list{ limit = 3, select = { "name" } }
for _, company in ipairs(companies) do
  company.mrr = 4200
end
print(planhat.company.bulk_upsert(companies).rejected)
