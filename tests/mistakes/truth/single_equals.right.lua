for company in planhat.company.each{ limit = 3 } do
  if company.status == "customer" then print(company.name) end
end
