local file = io.open("missing.txt")
print(file:read("*l"))
