local by_phase = {}
for _, company in ipairs(planhat.company.get_list()) do
  local phase = company.phase or "none"
  by_phase[phase] = by_phase[phase] or {}
  table.insert(by_phase[phase], company)
end
local names = {}
for phase, group in pairs(by_phase) do names[#names + 1] = phase end
table.sort(names)
for _, phase in ipairs(names) do
  local sum = 0
  for _, company in ipairs(by_phase[phase]) do sum = sum + (company.mrr or 0) end
  print(phase, #by_phase[phase])
end
