local t = time
local today = t.strftime(t.now(), "%d.%m.%Y")
print("report of " .. today)
