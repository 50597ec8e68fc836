local company = planhat.company.get_by_id("extid-company-1")
local age = time.diff(company.createDate or "2024-01-01", time.now(), "days")
if age > 365 then print("a year with us: " .. company.name) end
