local names = {}
for _, company in ipairs(planhat.company.get_lean_list()) do names[company._id] = company.name end
for license in planhat.license.each{ limit = 10 } do
  print(names[license.companyId], license.value)
end
