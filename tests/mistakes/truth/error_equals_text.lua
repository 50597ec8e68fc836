local _, err = planhat.try(planhat.company.get_by_id, "extid-unknown-3")
if err == "not_found" then
  print("create it first")
end
