for _, subject in ipairs{ "Pre-sales call", "Renewal call" } do
  if subject:lower():find("pre-sales") then print(subject) end
end
