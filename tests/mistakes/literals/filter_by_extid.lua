local contacts = planhat.enduser.get_list{ companyId = "extid-company-1" }
print(#contacts)
