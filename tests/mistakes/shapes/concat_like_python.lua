local names = { "Acme", "Globex" }
print(table.concat(", ", names))
