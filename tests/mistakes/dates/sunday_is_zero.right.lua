local today = time.weekday("2026-02-01")
if today == 7 then print("no reminders on Sundays") end
