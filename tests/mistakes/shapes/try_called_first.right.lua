local company, err = planhat.try(planhat.company.get_by_id, "extid-unknown-4")
print(company == nil and err ~= nil)
