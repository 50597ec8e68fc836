local zone = "Europe/Stockholm"
print(time.today(zone))
