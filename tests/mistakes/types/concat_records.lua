local owners = planhat.user.get_list{ limit = 3 }
print(table.concat(owners, ", "))
