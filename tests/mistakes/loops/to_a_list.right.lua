local rows = csv.read("accounts.csv")
for i = 1, #rows do
  print(rows[i].id)
end
