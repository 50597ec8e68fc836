local unit = "days"
unit = "business " .. unit
print(time.diff("2026-03-01", "2026-01-15", unit))
