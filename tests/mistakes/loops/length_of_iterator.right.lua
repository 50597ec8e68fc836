local companies = planhat.company.get_list()
print("reading " .. #companies .. " companies")
