for row in csv.rows("accounts.csv") do
  if row.mrr > 1000 then print(row.name) end
end
