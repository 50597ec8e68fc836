local company = planhat.company.get_by_id("extid-company-1")
print(company.name)
