local ok, company = planhat.try(planhat.company.get_by_id, "extid-company-1")
if ok then
  print(company.name)
end
