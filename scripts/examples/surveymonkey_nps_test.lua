-- Tests of surveymonkey_nps.lua. Stubs answer in place of SurveyMonkey.

local http = require "http"

local api = "https://api.surveymonkey.com/v3/surveys"

-- question makes a question for the NPS: eleven choices that weigh -100, 0 or 100.
local function question()
  local choices = {}
  for score = 0, 10 do
    choices[score + 1] = { id = "c" .. score, position = score + 1, text = tostring(score), weight = score <= 6 and -100 or score <= 8 and 0 or 100 }
  end
  return { id = "q1", family = "matrix", subtype = "rating", answers = { rows = { { id = "r1" } }, choices = choices } }
end

-- answer makes a response that was given some days ago.
local function answer(id, score, days, email)
  return {
    id = id, survey_id = "1", date_modified = time.format(time.now() - days * 86400),
    metadata = { contact = email and { email = { type = "string", value = email } } or {} },
    pages = { { questions = { { id = "q1", answers = { { choice_id = "c" .. score, row_id = "r1" } } } } } },
  }
end

local function synchronize(answers)
  http.stub{ url = api .. "?*", json = { data = {
    { id = "1", title = "Customers", date_modified = "2026-01-01T08:00:00" }, { id = "2", title = "Guests", date_modified = "2026-01-01T08:00:00" },
  }, links = {} } }
  for _, id in ipairs{ "1", "2" } do
    http.stub{ url = api .. "/" .. id .. "/details", json = { pages = { { questions = { question() } } } } }
    http.stub{ url = api .. "/" .. id .. "/responses/bulk?*", json = { page = 1, total = #answers, links = {}, data = id == "1" and answers or json.array{} } }
  end
  return run_script("surveymonkey_nps.lua", { args = { "1", "2" }, env = { SURVEYMONKEY_TOKEN = "a-token-for-tests" } })
end

it("prints the NPS of each survey", function()
  local run = synchronize{
    answer("1", 9, 2, "a@northwind.example"), answer("2", 10, 3, "b@northwind.example"), answer("3", 3, 4, "c@northwind.example"),
    answer("4", 8, 5, "d@northwind.example"), answer("5", 0, 100, "e@northwind.example"),
  }
  expect(run.error).to_be_nil()
  expect(run.stdout).to_match("5 answers read, 5 new")
  expect(run.stdout).to_match("survey 1: NPS 25, 4 answers")
  expect(run.stdout).to_match("survey 2: no answers in the last 90 days")
end)

it("rejects responses without an address", function()
  local run = synchronize{ answer("1", 9, 2, "a@northwind.example"), answer("2", 1, 2) }
  expect(#run.rejected).to_be(1)
  expect(run.stdout).to_match("survey 1: NPS 100, 1 answer\n")
end)

it("says how to call it", function()
  expect(run_script("surveymonkey_nps.lua").ok).to_be(false)
end)
