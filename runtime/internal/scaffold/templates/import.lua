-- Imports companies from a CSV file.
--
--   phscript plan {{script}} --path accounts.csv
--   phscript run {{script}} --path accounts.csv
--
-- The file has the columns id, name and status. To correct rows that cannot be imported,
-- write them to a file: phscript run --rejects rejects.csv {{script}} --path accounts.csv
--
-- @param path:file "The file to import"
-- @writes company

local result = planhat.company.import{
  from = params.path,
  key = "externalId",
  columns = {
    id = "externalId",
    name = "name",
    status = "status",
  },
}

print(("%d created, %d updated, %d unchanged, %d rejected"):format(result.created, result.updated, result.unchanged, result.rejected))
