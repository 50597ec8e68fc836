local january = time.date(2026, 1, 31)
print(time.iso(january))
