for row in csv.rows("accounts.csv") do
  if tonumber(row.mrr) > 1000 then print(row.name) end
end
