for company in planhat.company.each{ select = { "name", "phase" } } do
  if company.phase == "Onboarding" then print(company.name) end
end
