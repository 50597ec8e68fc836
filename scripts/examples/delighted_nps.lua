-- Delighted's answers: imports the export of Delighted, and prints the NPS of each month.
--
--   phscript run delighted_nps.lua [FILE]
--
-- FILE is the CSV export of a project in Delighted, which shut down in June 2026. The
-- answers keep their ids, so importing the file again changes nothing.
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/delighted_nps.lua
--
-- It needs an API token that may read and write NPS answers. Lines that cannot be used
-- are rejected, and the script ends with exit code 3: add --rejects FILE.csv, correct that
-- file, and import it in the same way.

local planhat = require "planhat"
local nps_csv = require "connectors.nps_csv"
local fs      = require "fs"
local tables  = require "tables"
local report  = require "lib.report"

local file = args[1] or fs.join(fs.dirname(args[0]), "data", "delighted.csv")

local did = nps_csv.import{ path = file, preset = "delighted" }
print(("%s new, %s rejected"):format(report.some(did.created, "answer"), report.some(did.rejected, "line")))

local months = {}
for answer in planhat.nps.each{ select = { "score", "dateAnswered", "source" }, npsExpiryDay = 3650 } do
  if answer.source == "delighted" and answer.dateAnswered then
    local month = answer.dateAnswered:sub(1, 7)
    local sum = months[month] or { answers = 0, points = 0 }
    months[month] = sum
    sum.answers = sum.answers + 1
    sum.points = sum.points + (answer.score >= 9 and 1 or answer.score <= 6 and -1 or 0)
  end
end
for month, sum in tables.sorted(months) do
  print(("%s  NPS %4.0f of %s"):format(month, sum.points / sum.answers * 100, report.some(sum.answers, "answer")))
end
