local threshold = 50
local function is_at_risk(company, limit)
  local score = company.h
  if score == nil then return false end
  return score < threshold
end
local risky = {}
for company in planhat.company.each{ select = { "name", "h", "owner" } } do
  if is_at_risk(company) then risky[#risky + 1] = company end
end
table.sort(risky, function(a, b) return a.h < b.h end)
for i, company in ipairs(risky) do
  print(company.name, company.h, owner)
end
