local today = time.today()
local due = time.add(today, "30d")
print("due " .. due)
