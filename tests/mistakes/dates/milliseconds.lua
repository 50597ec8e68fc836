local event = { at = 1767225600000 }
print(time.format(event.at, "%Y-%m-%d"))
