for company in planhat.company.each do
  print(company.name)
  if company.name then break end
end
