local api = planhat.company
local customers = api.get_list{ limit = 10 }
print(#customers)
