local options = { format = "%d/%m/%Y" }
print(time.iso(time.parse("15/01/2026", options)))
