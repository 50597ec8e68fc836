local options = { encoding = "utf8mb4" }
print(#csv.read("accounts.csv", options))
