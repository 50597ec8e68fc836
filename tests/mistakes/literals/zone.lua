local zone = "Europe/Stokholm"
print(time.today(zone))
