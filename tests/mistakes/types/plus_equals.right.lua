local total = 0
for company in planhat.company.each{ select = { "mrr" } } do
  total = total + (company.mrr or 0)
end
print(total)
