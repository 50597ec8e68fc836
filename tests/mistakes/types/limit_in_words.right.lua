local settings = { top = "ten" }
local best = planhat.company.get_list{ sort = "-mrr", limit = 10 }
print(#best)
