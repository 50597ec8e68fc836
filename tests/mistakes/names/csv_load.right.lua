local accounts = csv.read("accounts.csv")
print(#accounts)
