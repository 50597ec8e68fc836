local month = 12
local next_month = time.date(2026, month + 1, 1)
print(time.iso(next_month))
