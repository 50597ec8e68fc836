local options = { format = "DD/MM/YYYY" }
print(time.iso(time.parse("15/01/2026", options)))
