local start = time.parse("03/04/2026", { format = "%m/%d/%Y" })
print(time.iso(start))
