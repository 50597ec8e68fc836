local settings = { top = 10 }
local best = planhat.company.get_list{ sort = "-mrr", limit = settings.top }
print(#best)
