local start = os.time{ year = 2026, month = 1 }
print(time.iso(start))
