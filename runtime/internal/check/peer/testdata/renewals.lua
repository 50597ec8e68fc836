local today = time.today()
local soon = time.add(today, "90d")
local count, total = 0, 0
for license in planhat.license.each() do
  local renewal = license.renewalDate
  local value = license.value or 0
  if renewal and renewal > today and renewal < soon then
    count = count + 1
    total = total + value
    local company = planhat.company.get_by_id(license.companyId)
    print(company.name, renewal)
  end
end
print(count .. " renewals")
