local open = io.open
local listing = open("accounts.csv")
print(listing and listing:read("*l"))
