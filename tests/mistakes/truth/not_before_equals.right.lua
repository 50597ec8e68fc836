for company in planhat.company.each{ limit = 5 } do
  if company.phase ~= "Churned" then
    print(company.name)
  end
end
