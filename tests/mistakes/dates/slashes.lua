local start = time.parse("03/04/2026")
print(time.iso(start))
