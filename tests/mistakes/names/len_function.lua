local rows = csv.read("accounts.csv")
print(len(rows) .. " accounts")
