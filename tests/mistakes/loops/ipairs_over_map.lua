local by_phase = {}
for company in planhat.company.each{ select = { "phase" } } do
  local phase = company.phase or "none"
  by_phase[phase] = (by_phase[phase] or 0) + 1
end
for phase, count in ipairs(by_phase) do
  print(phase, count)
end
