local month = 12
local next_month = time.add(time.date(2026, month, 1), "1mo")
print(time.iso(next_month))
