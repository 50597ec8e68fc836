local options = { encoding = "utf-8" }
print(#csv.read("accounts.csv", options))
