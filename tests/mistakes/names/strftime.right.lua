local t = time
local today = t.format(t.now(), "%d.%m.%Y")
print("report of " .. today)
