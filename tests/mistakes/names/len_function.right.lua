local rows = csv.read("accounts.csv")
print(#rows .. " accounts")
