local contacts = planhat.enduser.get_list{ companyId = planhat.company.get_by_id("extid-company-1")._id }
print(#contacts)
