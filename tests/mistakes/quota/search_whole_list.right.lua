local wanted = "company-7"
print(planhat.company.get_by_id(planhat.extid(wanted)).name)
