local accounts = csv.load("accounts.csv")
print(#accounts)
