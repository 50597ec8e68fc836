local customers = planhat.companies.get_list{ limit = 10 }
print(#customers .. " customers")
