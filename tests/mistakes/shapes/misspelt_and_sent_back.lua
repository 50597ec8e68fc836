local companies = planhat.company.get_list{ limit = 3, select = { "name", "phase" } }
for _, company in ipairs(companies) do
  company.phasee = "Live"
end
print(planhat.company.bulk_upsert(companies).rejected)
