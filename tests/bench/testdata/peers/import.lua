-- The usual loop: one table for each row of the file.
local rows = csv.rows("accounts.csv")
local result = planhat.company.bulk_upsert(function()
  local row = rows()
  if not row then return nil end
  return {
    externalId = row["Account ID"], name = row["Account Name"], status = row.Status, phase = row.Phase,
    custom = { MRR = tonumber(row.MRR), Tier = row.Tier, Seats = tonumber(row.Seats), Region = row.Region },
    domains = { row.Website }, description = row.Notes,
  }
end)
print(result.created + result.updated + result.unchanged, result.rejected)
io.stdout:flush()
io.read()
