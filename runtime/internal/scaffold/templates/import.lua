-- Imports companies from a CSV file.
--
--   phscript plan {{script}} accounts.csv
--   phscript run {{script}} accounts.csv
--
-- The file has the columns id, name and status. Rows that cannot be imported are
-- written to out/{{base}}-rejects.csv: correct them there, and import that file.

local result = planhat.company.import{
  from = args[1] or error("name the file: phscript run {{script}} accounts.csv", 0),
  key = "externalId",
  columns = {
    id = "externalId",
    name = "name",
    status = "status",
  },
  rejects = "out/{{base}}-rejects.csv",
}

print(("%d created, %d updated, %d rejected"):format(result.created, result.updated, result.rejected))
