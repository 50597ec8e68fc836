for license in planhat.license.each{ limit = 10 } do
  local company = planhat.company.get_by_id(license.companyId)
  print(company.name, license.value)
end
