-- NPS by month from Typeform: brings the responses of an NPS survey to Planhat, and
-- writes promoters, detractors and the net promoter score of each month to a CSV file.
--
--   phscript run typeform_nps.lua FORM [REGION]
--
-- FORM is the form's id, the end of its address, such as lT4Z3j in
-- acme.typeform.com/to/lT4Z3j. REGION is "eu" if your account is in Typeform's EU data
-- center. The first run reads all responses, later ones those that were submitted since.
--
-- Try it with its tests, in which stubs answer for Typeform. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/typeform_nps_test.lua
--
-- Set TYPEFORM_TOKEN to a personal token of Typeform, or let "phscript connect typeform"
-- ask for it. Planhat's API token needs to read and write NPS answers.

local planhat  = require "planhat"
local typeform = require "connectors.typeform"
local report   = require "lib.report"

local form, region = args[1], args[2] or "us"
if not form then
  io.stderr:write("usage: phscript run typeform_nps.lua FORM [REGION]\n")
  os.exit(2)
end

local did = typeform.sync{ settings = { form = form, region = region } }.responses
print(("%s read, %d new"):format(report.some(did.read, "response"), did.created))

local months = {}
for answer in planhat.nps.each{ select = { "score", "source", "dateAnswered" }, npsExpiryDay = 3660 } do
  if answer.source == "typeform:" .. form and answer.dateAnswered then
    local name = answer.dateAnswered:sub(1, 7)
    local month = months[name] or { month = name, answers = 0, promoters = 0, detractors = 0 }
    months[name] = month
    month.answers = month.answers + 1
    if answer.score >= 9 then month.promoters = month.promoters + 1 end
    if answer.score <= 6 then month.detractors = month.detractors + 1 end
  end
end

local rows = {}
for _, month in pairs(months) do
  month.nps = math.floor((month.promoters - month.detractors) / month.answers * 100 + 0.5)
  rows[#rows + 1] = month
end
table.sort(rows, function(a, b) return a.month < b.month end)
csv.write("out/nps.csv", rows, { columns = { "month", "answers", "promoters", "detractors", "nps" } })
print(("%s in out/nps.csv"):format(report.some(#rows, "month")))
