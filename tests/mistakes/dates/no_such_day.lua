local quarter = { from = "2026-01-01" }
quarter.to = "2026-02-30"
print(time.diff(quarter.to, quarter.from, "days"))
