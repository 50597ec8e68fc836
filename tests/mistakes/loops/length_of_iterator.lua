local companies = planhat.company.each()
print("reading " .. #companies .. " companies")
