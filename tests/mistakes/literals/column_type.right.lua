local options = { types = {} }
options.types.mrr = "number"
print(#csv.read("accounts.csv", options))
