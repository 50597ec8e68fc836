local promoters, passives, detractors = 0, 0, 0
for answer in planhat.nps.each() do
  local score = answer.score
  if score >= 9 then promoters = promoters + 1
  elseif score >= 7 then passives = passives + 1
  else detractors = detractors + 1 end
end
local all = promoters + passives + detractors
print(("NPS %.0f"):format(100 * (promoters - detractors) / all))
