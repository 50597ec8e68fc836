local ok, err = pcall(planhat.company.get_by_id, "extid-unknown-9")
if not ok and planhat.is_error(err) and err.status == 404 then
  print("no such company yet")
end
