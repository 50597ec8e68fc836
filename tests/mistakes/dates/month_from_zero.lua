local january = time.date(2026, 0, 31)
print(time.iso(january))
