-- License roll-up: adds up the running licenses of each company and writes the
-- total, their number and the next renewal into custom fields of the company.
--
--   phscript run license_rollup.lua [DAY]
--
-- DAY, such as 2026-01-12, is the day to count for; today when left out.
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/licenses scripts/examples/license_rollup.lua 2026-01-12
--
-- It needs an API token that may read licenses and write companies. Run it
-- nightly: companies whose figures have not changed are not sent.

local planhat = require "planhat"
local json    = require "json"
local time    = require "time"
local report  = require "lib.report"

-- What one unit of a currency is worth in the currency of the totals. Licenses
-- in other currencies are reported, not guessed at.
local RATES = { USD = 1, EUR = 1.08, JPY = 0.0067, PLN = 0.25 }

local today = time.format(args[1] or time.today(), "date")

-- 1. Add up the licenses by company.
local totals, unknown = {}, {}
for license in planhat.license.each{ select = { "companyId", "companyName", "value", "_currency", "fromDate", "toDate" } } do
  local from = time.format(license.fromDate, "date")
  local to = license.toDate and time.format(license.toDate, "date")
  -- Days written as 2026-01-12 can be compared as text.
  local running = from <= today and (not to or to >= today)
  if running then
    local rate = RATES[license._currency]
    local total = totals[license.companyId] or { value = 0, count = 0 }
    totals[license.companyId] = total
    if rate then
      total.value = total.value + (license.value or 0) * rate
      total.count = total.count + 1
      if to and (not total.renewal or to < total.renewal) then total.renewal = to end
    else
      total.incomplete = true
      unknown[#unknown + 1] = ("%s: a license in %s"):format(license.companyName, license._currency or "no currency")
    end
  end
end

-- 2. Find the companies whose figures differ.
local changes, names = {}, {}
local right, skipped = 0, 0
for company in planhat.company.each{ select = { "name", "custom" } } do
  local total = totals[company._id] or { value = 0, count = 0 }
  local have = company.custom or {}
  local value = math.floor(total.value * 100 + 0.5) / 100
  if total.incomplete then
    skipped = skipped + 1
  elseif (have["License value"] or 0) == value and (have["Licenses"] or 0) == total.count
      and have["Next renewal"] == total.renewal then
    right = right + 1
  else
    names[#names + 1] = ("%s: %s from %s"):format(company.name, report.count(value), report.some(total.count, "license"))
    changes[#changes + 1] = {
      _id = company._id,
      custom = {
        ["License value"] = value,
        ["Licenses"]      = total.count,
        -- json.null clears the field where nothing is left to renew.
        ["Next renewal"]  = total.renewal or json.null,
      },
    }
  end
end

-- 3. Send them.
print(("Companies: %d right already, %d changed, %d that cannot be added up"):format(right, #changes, skipped))
report.first(unknown, 5, function(line) return line end)
report.first(names, 3, function(line) return line end)
if #changes > 0 then
  report.bulk("Companies", planhat.company.bulk_upsert(changes))
end
