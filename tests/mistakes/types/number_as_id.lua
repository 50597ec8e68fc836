local company = planhat.company.get_by_id(1001)
print(company.name)
