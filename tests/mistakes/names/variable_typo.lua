local companies = planhat.company.get_list{ limit = 10 }
print("found " .. #compnaies)
