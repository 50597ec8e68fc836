local churned = planhat.churn.get_list{ limit = 5 }
print(#churned)
