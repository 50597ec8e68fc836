for row in csv.rows("accounts.csv") do
  if row.active == true then print(row.name) end
end
