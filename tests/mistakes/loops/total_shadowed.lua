local total = 0
for company in planhat.company.each{ select = { "mrr" } } do
  local total = total + (company.mrr or 0)
end
print("MRR " .. total)
