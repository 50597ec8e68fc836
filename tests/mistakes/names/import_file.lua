local result = planhat.company.import{
  file = "accounts.csv", key = "externalId",
  columns = { id = "externalId", name = "name" },
}
print(result.created)
