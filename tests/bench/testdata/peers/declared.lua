-- The same import as a declaration.
local result = planhat.company.import{
  from = "accounts.csv", key = "externalId",
  columns = {
    ["Account ID"] = "externalId", ["Account Name"] = "name", Status = "status", Phase = "phase",
    MRR = { property = "custom.MRR", type = "number" }, Tier = "custom.Tier",
    Seats = { property = "custom.Seats", type = "integer" }, Region = "custom.Region",
    Website = "domains", Notes = "description",
  },
}
print(result.created + result.updated + result.unchanged, result.rejected)
io.stdout:flush()
io.read()
