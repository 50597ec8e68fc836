local csv = require "csv"
local tables = require "tables"

local rows, skipped = {}, 0
for row, line in csv.rows("accounts.csv") do
  local id = row.id
  if not id then
    skipped = skipped + 1
  else
    rows[#rows + 1] = { externalId = id, name = row.name, phase = row.phase }
  end
end
local result = planhat.company.bulk_upsert(rows)
log.info("done", { created = result.created, rejected = #result.errors })
