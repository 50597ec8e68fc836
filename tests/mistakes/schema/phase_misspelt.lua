for company in planhat.company.each{ select = { "name", "phase" } } do
  if company.phase == "Onbording" then print(company.name) end
end
