local rows = csv.read("accounts.csv", { numbers = { "mrr" }, on_error = "skip" })
print(#rows)
