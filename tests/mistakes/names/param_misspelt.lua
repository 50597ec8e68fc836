-- @param min_mrr:number "Smallest MRR" default=100
for company in planhat.company.each{ limit = 20 } do
  if (company.mrr or 0) >= (params.minMrr or 0) then print(company.name) end
end
