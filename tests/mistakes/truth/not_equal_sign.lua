for company in planhat.company.each{ limit = 3 } do
  if company.status != "lost" then print(company.name) end
end
