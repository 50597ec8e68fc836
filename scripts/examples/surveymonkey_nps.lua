-- SurveyMonkey's NPS: brings answers to NPS questions to Planhat, and prints the NPS
-- of each survey in the last 90 days.
--
--   phscript run surveymonkey_nps.lua SURVEY...
--
-- SURVEY is the id of a survey, as in its address in SurveyMonkey. The first run reads
-- all answers, later ones those that changed since.
--
-- Try it with its tests, in which stubs answer for SurveyMonkey. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/surveymonkey_nps_test.lua
--
-- Set SURVEYMONKEY_TOKEN to the access token of an app, or let "phscript connect
-- surveymonkey" ask for it. Planhat's API token needs to read and write NPS answers.

local planhat      = require "planhat"
local surveymonkey = require "connectors.surveymonkey"
local report       = require "lib.report"

if #args == 0 then
  io.stderr:write("usage: phscript run surveymonkey_nps.lua SURVEY...\n")
  os.exit(2)
end

local did = surveymonkey.sync{ settings = { surveys = args } }.responses
print(("%s read, %d new"):format(report.some(did.read, "answer"), did.created))

-- Promoters give 9 or 10, detractors 6 or less.
local since, surveys = time.now() - 90 * 86400, {}
for answer in planhat.nps.each{ select = { "score", "source", "dateAnswered" } } do
  local id = (answer.source or ""):match("^surveymonkey:(.+)$")
  if id and answer.dateAnswered and time.parse(answer.dateAnswered) >= since then
    local survey = surveys[id] or { answers = 0, sum = 0 }
    surveys[id] = survey
    survey.answers = survey.answers + 1
    if answer.score >= 9 then survey.sum = survey.sum + 1 end
    if answer.score <= 6 then survey.sum = survey.sum - 1 end
  end
end
for _, id in ipairs(args) do
  local survey = surveys[id]
  if survey then
    print(("survey %s: NPS %.0f, %s"):format(id, survey.sum / survey.answers * 100, report.some(survey.answers, "answer")))
  else
    print(("survey %s: no answers in the last 90 days"):format(id))
  end
end
