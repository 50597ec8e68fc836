local company = planhat.company.get_by_id("extid-company-1")
local age = time.diff(time.now(), company.createDate or "2024-01-01", "days")
if age > 365 then print("a year with us: " .. company.name) end
