for row in csv.rows("contacts.csv") do
  local found = planhat.enduser.get_list{ email = row.email, limit = 1 }
  print(row.email, #found > 0)
end
