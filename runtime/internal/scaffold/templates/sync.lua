-- Keeps the companies in Planhat like an export of another system. It reads what
-- Planhat has and sends only what is new or differs, so a second run sends nothing.
--
--   phscript plan {{script}} --path accounts.csv
--   phscript run {{script}} --path accounts.csv
--
-- The file has the columns id, name and status. Companies in Planhat that the file
-- does not have are listed, and stay as they are.
--
-- @param path:file "The export"
-- @writes company

local rows = {}
for row in csv.rows(params.path, { required = { "id", "name", "status" } }) do
  if row.id then
    rows[#rows + 1] = run.from(row, { externalId = row.id, name = row.name, status = row.status })
  else
    run.reject(row, "the row has no id")
  end
end

local result = planhat.company.sync(rows, { missing = "report" })
print(("%d created, %d updated, %d unchanged"):format(result.created, result.updated, result.unchanged))
for _, company in ipairs(result.missing) do
  print(company.key .. " is in Planhat, but not in the file")
end
