local lost = planhat.churn.get_list{ limit = 20 }
local total = 100
total = total + #lost
print(total)
