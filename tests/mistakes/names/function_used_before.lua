local function report()
  for company in planhat.company.each{ limit = 3 } do
    print(label(company))
  end
end
local function label(company)
  return company.name or "?"
end
report()
