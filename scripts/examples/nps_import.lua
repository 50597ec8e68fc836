-- NPS import: brings answers from a survey tool into Planhat.
--
--   phscript run nps_import.lua [FILE]
--
-- FILE is the tool's CSV export, with the columns "Response ID", "Email",
-- "Score", "Comment" and "Answered at" (day first, as in 31/01/2026).
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/nps_import.lua
--
-- It needs an API token that may write NPS answers. The response's id is the
-- key, so that importing a file again changes nothing. Lines that cannot be used
-- are rejected, and the script ends with exit code 3: add --rejects FILE.csv, correct
-- that file, and import it in the same way.

local planhat = require "planhat"
local csv     = require "csv"
local fs      = require "fs"
local clean   = require "lib.clean"
local report  = require "lib.report"

local file = args[1] or fs.join(fs.dirname(args[0]), "data", "nps.csv")

-- Lines that cannot be used, with the reason.
local rejected = {}

local function reject(row, line, why)
  run.reject(row, why)
  rejected[#rejected + 1] = ("line %d: %s"):format(line, why)
end

-- answer turns a line into an NPS answer, or raises an error that says why not.
local function answer(row)
  local score = clean.number(row.Score, ".")
  if not row["Response ID"] then error("it has no response id", 0) end
  if not score or score < 0 or score > 10 or score ~= math.floor(score) then
    error(("the score is '%s'"):format(row.Score or ""), 0)
  end
  local email, wrong_email = clean.email(row.Email)
  if not email then error(wrong_email or "it has no e-mail address", 0) end
  local date, wrong_date = clean.date(row["Answered at"], "%d/%m/%Y")
  if wrong_date then error(wrong_date, 0) end
  return {
    sourceId     = "survey-" .. row["Response ID"],
    source       = "survey",
    email        = email,
    score        = score,
    comment      = row.Comment,
    dateAnswered = date,
  }
end

local answers, promoters, detractors = {}, 0, 0
local first_line = {} -- by the key, to find answers that are in the file twice
for row, line in csv.rows(file, { trim = true, required = { "Response ID", "Email", "Score" } }) do
  local found, why = planhat.try(answer, row)
  if found and first_line[found.sourceId] then
    reject(row, line, ("the same answer as in line %d"):format(first_line[found.sourceId]))
  elseif found then
    first_line[found.sourceId] = line
    answers[#answers + 1] = run.from(row, found)
    if found.score >= 9 then promoters = promoters + 1 end
    if found.score <= 6 then detractors = detractors + 1 end
  else
    reject(row, line, tostring(why))
  end
end

print(("%s, %s rejected"):format(report.some(#answers, "answer"), report.some(#rejected, "line")))
report.first(rejected, 5, function(text) return text end)
if #answers > 0 then
  print(("The NPS of these answers is %.0f"):format((promoters - detractors) / #answers * 100))
  report.bulk("NPS answers", planhat.nps.bulk_upsert(answers))
end
