local customers = planhat.company.get_list{ limit = 10 }
print(#customers .. " customers")
