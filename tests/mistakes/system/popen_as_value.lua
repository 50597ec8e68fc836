local open = io.popen
local listing = open("accounts.csv")
print(listing and listing:read("*l"))
