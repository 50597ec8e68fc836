local rows = csv.read("accounts.csv")
for i = 0, #rows do
  print(rows[i].name)
end
