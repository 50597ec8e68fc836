local count = #planhat.company.get_list{ limit = 3 }
print(string.format("%s: %d companies", "EU", count))
