local _, err = planhat.try(planhat.company.get_by_id, "extid-unknown-3")
if planhat.is_error(err) and err.kind == "not_found" then
  print("create it first")
end
