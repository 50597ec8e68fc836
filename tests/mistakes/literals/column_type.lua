local options = { types = {} }
options.types.mrr = "float"
print(#csv.read("accounts.csv", options))
