local rows = csv.read("accounts.csv")
table.sort(rows, function(a, b) return a.mrr > b.mrr end)
print(rows[1].name)
