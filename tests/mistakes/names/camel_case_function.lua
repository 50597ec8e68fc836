local api = planhat.company
local customers = api.getList{ limit = 10 }
print(#customers)
