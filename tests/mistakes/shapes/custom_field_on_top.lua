for row in csv.rows("accounts.csv") do
  if row.id == "a-1" then
    planhat.company.create{ externalId = row.id, name = row.name, Tier = row.tier }
    break
  end
end
