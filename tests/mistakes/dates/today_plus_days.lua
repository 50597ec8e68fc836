local today = time.today()
local due = today + 30
print("due " .. due)
