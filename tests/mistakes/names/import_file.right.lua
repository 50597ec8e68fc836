local result = planhat.company.import{
  from = "accounts.csv", key = "externalId",
  columns = { id = "externalId", name = "name" },
}
print(result.created)
