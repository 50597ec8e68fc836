local file = io.open("accounts.csv")
if not file then error("accounts.csv cannot be read") end
print(file:read("*l"))
