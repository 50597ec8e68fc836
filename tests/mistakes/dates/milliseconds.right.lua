local event = { at = 1767225600000 }
print(time.format(event.at / 1000, "%Y-%m-%d"))
