-- Backfill dates: turns a date that people typed as text into a real one.
--
--   phscript run [--dry-run] backfill_dates.lua [FIELD] [NEW FIELD]
--
-- It reads the custom field FIELD ("Go-live" when left out) of all companies
-- and writes what it understands to NEW FIELD ("Go-live date") as 2021-03-15.
-- What it does not understand is listed, for somebody to look at.
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/backfill_dates.lua
--
-- It needs an API token that may read and write companies.

local planhat = require "planhat"
local log     = require "log"
local clean   = require "lib.clean"
local report  = require "lib.report"

local from = args[1] or "Go-live"
local to   = args[2] or from .. " date"

-- Whether 03/04/2021 is in March or in April depends on who typed it.
local SLASHES = { ["United States"] = "%m/%d/%Y" }

local rows, unclear = {}, {}
for company in planhat.company.each{ select = { "name", "country", "custom" }, sort = "name" } do
  local custom = company.custom or {}
  local date, why = clean.date(custom[from], SLASHES[company.country] or "%d/%m/%Y")
  if why then
    unclear[#unclear + 1] = company.name .. ": " .. why
  elseif date and date ~= custom[to] then
    rows[#rows + 1] = { _id = company._id, custom = { [to] = date } }
  end
end

local result = planhat.company.bulk_upsert(rows)
for _, e in ipairs(result.errors) do
  log.error("not changed", { company = e.key, reason = e.message })
end

print(("%s written to '%s', %d unreadable"):format(report.some(result.updated, "date"), to, #unclear))
report.first(unclear, 10, function(text) return text end)
