local function company_name(id)
  return planhat.company.get_by_id(id).name
end
for license in planhat.license.each{ limit = 10 } do
  print(company_name(license.companyId), license.value)
end
