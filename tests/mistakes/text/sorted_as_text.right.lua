local rows = csv.read("accounts.csv")
table.sort(rows, function(a, b) return tonumber(a.mrr) > tonumber(b.mrr) end)
print(rows[1].name)
