for company in planhat.company.each() do
  local custom = company.custom or {}
  print(company.name, custom["Contract End"])
end
