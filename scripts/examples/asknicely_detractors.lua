-- AskNicely's detractors: brings answers of NPS surveys to Planhat, and lists the
-- customers who gave 6 or less in the last 30 days in a CSV file.
--
--   phscript run asknicely_detractors.lua DOMAIN
--
-- DOMAIN is "acme" if your AskNicely is acme.asknice.ly. The first run reads all
-- answers, later ones those that were given since.
--
-- Try it with its tests, in which stubs answer for AskNicely. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/asknicely_detractors_test.lua
--
-- Set ASKNICELY_KEY to an API key of AskNicely, or let "phscript connect asknicely"
-- ask for it. Planhat's API token needs to read and write NPS answers.

local planhat   = require "planhat"
local asknicely = require "connectors.asknicely"
local report    = require "lib.report"

local domain = args[1]
if not domain then
  io.stderr:write("usage: phscript run asknicely_detractors.lua DOMAIN\n")
  os.exit(2)
end

local did = asknicely.sync{ settings = { domain = domain } }.responses
print(("%s read, %d new"):format(report.some(did.read, "answer"), did.created))

local since, rows = time.now() - 30 * 86400, {}
for answer in planhat.nps.each{ select = { "email", "score", "comment", "dateAnswered" } } do
  if answer.score <= 6 and answer.dateAnswered and time.parse(answer.dateAnswered) >= since then
    rows[#rows + 1] = { email = answer.email, score = answer.score, comment = answer.comment or "", answered = answer.dateAnswered }
  end
end
table.sort(rows, function(a, b) return a.answered < b.answered end)
csv.write("out/detractors.csv", rows, { columns = { "answered", "email", "score", "comment" } })
print(("%s in out/detractors.csv"):format(report.some(#rows, "detractor")))
