local settings = { top = "ten" }
local best = planhat.company.get_list{ sort = "-mrr", limit = settings.top }
print(#best)
