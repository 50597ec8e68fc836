local company = planhat.try(planhat.company.get_by_id, "extid-company-1")
if company then
  print(company.name)
end
