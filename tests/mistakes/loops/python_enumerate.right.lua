for i, row in ipairs(csv.read("accounts.csv")) do
  print(i, row.name)
end
