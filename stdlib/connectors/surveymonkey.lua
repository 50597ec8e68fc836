--- Brings the answers to NPS questions in SurveyMonkey to Planhat: `local surveymonkey = require "connectors.surveymonkey"`.
---
--- Set SURVEYMONKEY_TOKEN to the access token of an app with the scopes View Surveys, View Responses and View Response Details.
local _, _, host = ...
local C, F = require "connector", require "connector.fields"
local failures, pages, setup = require "connector.failures", require "connector.pages", require "connector.setup"
local html, state, tables = require "html", require "state", require "tables"

local hosts = { ["api.surveymonkey.com"] = true, ["api.eu.surveymonkey.com"] = true, ["api.surveymonkey.ca"] = true }
for name in pairs(hosts) do host.reach(name) end

local sm = C.new{
  name = "surveymonkey", title = "SurveyMonkey", base = "https://{host}", host = "api.surveymonkey.com", version = "v3",
  auth = C.bearer("SURVEYMONKEY_TOKEN", host.credential), rate = { "120/1m" },
}

local empty = F.is_empty
local prefix = "sm-"

local function list(value) return type(value) == "table" and value ~= json.null and value or {} end

-- The error of a request that is not sent, because the requests of the day are used up.
local used_up = { __tostring = function(err) return err.message end }

-- SurveyMonkey says how many requests are left today. On a few days of a month it accepts more than that, and then it no longer does, so
-- no request is sent when none is left.
local usual = sm.call
function sm:call(request)
  local day = self.day
  if day and day.left <= 0 and time.now() < day.ends then
    local wait = day.ends - time.now()
    error(setmetatable({ kind = "rate_limited", retry_after = wait, message = ("SurveyMonkey accepts no more requests for now: the %s requests of the day are used up; run it again in %d minutes"):format(
      day.limit, math.ceil(wait / 60)) }, used_up), 0)
  end
  local value, response = usual(self, request)
  local function header(name) return response.headers["x-ratelimit-app-global-day-" .. name] end
  local left, reset = tonumber(header("remaining")), tonumber(header("reset"))
  if left and reset then self.day = { left = left, limit = header("limit") or "", ends = time.now() + reset } end
  return value, response
end

-- What to do about SurveyMonkey's errors, by their id.
local advice = {
  ["1012"] = "the token has expired: create another one in the settings of the app",
  ["1013"] = "the access was revoked: create another token in the settings of the app",
  ["1014"] = "give the app the scopes View Surveys, View Responses and View Response Details, and use the token that it has then",
  ["1015"] = "reading answers needs a paid plan of SurveyMonkey and an app that is deployed",
  ["1016"] = "share the survey with the account of the token, or leave it out with settings.surveys",
  ["1017"] = "the plan limits how many responses can be read; look at the account's usage in SurveyMonkey",
  ["1018"] = "the account is in another region: set settings.host to api.eu.surveymonkey.com or api.surveymonkey.ca",
  ["1052"] = "the user of the token was deleted in SurveyMonkey; use the token of another one",
  ["1053"] = "the user of the token was deleted in SurveyMonkey; use the token of another one",
}

-- Errors that do not depend on the survey.
local of_account = { ["1014"] = true, ["1015"] = true, ["1018"] = true, ["1052"] = true, ["1053"] = true }

local explain = sm.explain
function sm:explain(err)
  local ok, body = pcall(json.decode, err.body or "")
  body = ok and type(body) == "table" and body or {}
  local id = F.at(body, "error.id")
  if body.errmsg then
    err.message, id = ("%s: %s"):format(err.message, tostring(body.errmsg)), "1013"
  end
  explain(self, err)
  if empty(id) then return end
  err.message = ("%s [%s]"):format(err.message, tostring(id))
  err.hint = advice[tostring(id)] or err.hint
  if of_account[tostring(id)] then err.kind = "auth" end
end

-- Returns the number that a text has, if there is just one.
local function number_in(text)
  local found = tostring(text):match("^%D*(%d+)%D*$")
  return tonumber(found)
end

-- Returns the scores from 0 to 10 by the ids of the choices of a question, and whether it is one for the NPS: its choices weigh -100, 0 and 100.
local function scale(question)
  local choices = {}
  for _, choice in ipairs(list(F.at(question, "answers.choices"))) do
    if choice.is_na ~= true and choice.visible ~= false then choices[#choices + 1] = choice end
  end
  if #choices ~= 11 or #list(F.at(question, "answers.rows")) > 1 then return nil end
  table.sort(choices, function(a, b) return (tonumber(a.position) or 0) < (tonumber(b.position) or 0) end)
  local weighs, counts, by_text, by_place, known = true, true, {}, {}, {}
  for i, choice in ipairs(choices) do
    local score, number, id = i - 1, number_in(choice.text), tostring(choice.id)
    weighs = weighs and tonumber(choice.weight) == (score <= 6 and -100 or score <= 8 and 0 or 100)
    counts = counts and number ~= nil and number <= 10 and not known[number]
    known[number or -1] = true
    by_text[id], by_place[id] = number, score
  end
  return counts and by_text or weighs and by_place or nil, weighs and question.family == "matrix"
end

-- Returns what the connector needs of a question, or nil.
local function question_of(question)
  if question.visible == false then return nil end
  local heading = F.at(question, "headings.1.heading")
  local short = { id = tostring(question.id), heading = empty(heading) and "" or html.text(tostring(heading)) }
  if question.family == "demographic" then
    for _, row in ipairs(list(F.at(question, "answers.rows"))) do
      if row.type == "email" and row.visible ~= false then short.kind, short.row = "email", tostring(row.id) end
    end
  elseif question.family == "open_ended" and (question.subtype == "single" or question.subtype == "essay") then
    short.kind = F.at(question, "validation.type") == "email" and "email" or "text"
  elseif question.family == "matrix" or question.family == "single_choice" then
    local scores, nps = scale(question)
    short.scores, short.kind = scores, scores and (nps and "nps" or "scale")
  end
  return short.kind and short
end

-- Returns the questions of a survey that matter, in their order. They are stored, because each survey costs a request: they are read
-- again when the survey was changed. Its time is in whole minutes, so changes of the minute in which it was read count as well.
local function questions_of(conn, kept, survey)
  local modified = not empty(survey.date_modified) and time.parse((survey.date_modified:gsub("^[%d-]+T[%d:]+$", "%0Z"))) or nil
  local known = kept and modified and kept:get(survey.id)
  if known and known.modified == modified and known.read >= modified + 60 then return known.questions end
  local began, found = conn:now(), json.array{}
  for _, page in ipairs(list(conn:call{ get = ("/v3/surveys/%s/details"):format(survey.id), reads = true }.pages)) do
    for _, question in ipairs(list(page.questions)) do found[#found + 1] = question_of(question) end
  end
  if kept and modified then kept:set(survey.id, { modified = modified, read = began, questions = found }) end
  return found
end

-- Says which of the questions of a kind there are.
local function shown(questions, kinds)
  local texts = {}
  for _, question in ipairs(questions) do
    if kinds[question.kind] then texts[#texts + 1] = ("%s (%s)"):format(question.id, question.heading) end
  end
  return #texts > 0 and table.concat(texts, ", ") or "none"
end

-- Returns the question that a setting names for a survey, or nil if it names none.
local function named(conn, setting, survey, questions, kinds, what)
  local id = list(conn.settings[setting])[survey.id]
  if id == nil then return nil end
  for i, question in ipairs(questions) do
    if question.id == tostring(id) and kinds[question.kind] then return i end
  end
  error(("SurveyMonkey: settings.%s names the question %s of the survey %s (%s), which is not %s; there are: %s"):format(
    setting, tostring(id), survey.id, survey.title, what, shown(questions, kinds)), 0)
end

-- Chooses the question that gives the score, the one after it that gives the comment, and those that ask for an address.
local function choose(conn, survey, questions)
  local score = named(conn, "questions", survey, questions, { nps = true, scale = true }, "one with choices from 0 to 10")
  if not score then
    local found = {}
    for i, question in ipairs(questions) do
      if question.kind == "nps" then found[#found + 1] = i end
    end
    if #found > 1 then
      local text = ("SurveyMonkey: the survey %s (%s) has %d NPS questions, so its answers are not read; name one in settings.questions: %s"):format(
        survey.id, survey.title, #found, shown(questions, { nps = true }))
      if conn.wanted then error(text, 0) end
      log.warn(text)
      return nil
    end
    score = found[1]
  end
  if not score then
    if conn.wanted then
      error(("SurveyMonkey: the survey %s (%s) has no NPS question; name another one with choices from 0 to 10 in settings.questions: %s"):format(
        survey.id, survey.title, shown(questions, { scale = true })), 0)
    end
    conn.others = (conn.others or 0) + 1
    return nil
  end
  local chosen = { id = survey.id, title = survey.title, score = questions[score], emails = {} }
  local comment = named(conn, "comments", survey, questions, { text = true }, "one that is answered with text")
  for i, question in ipairs(questions) do
    if not comment and i > score and question.kind == "text" then comment = i end
    if question.kind == "email" then chosen.emails[question.id] = question.row or true end
  end
  chosen.comment = comment and questions[comment].id
  return chosen
end

-- Returns a survey with the questions that give the score and the comment, nil if its answers are not to be read, or why they cannot be.
local function part_of(conn, kept, survey)
  local ok, part = pcall(function() return choose(conn, survey, questions_of(conn, kept, survey)) end)
  if ok then return part end
  if conn.trying or not failures.concerns_one(part) then error(part, 0) end
  return { id = survey.id, title = survey.title, error = part }
end

-- Returns the surveys whose answers are read, with their questions.
local function surveys(conn)
  local kept = conn.account and state.open("surveymonkey surveys " .. conn.account)
  local found, number, left, once = {}, 1, {}, pages.guard(conn.title, "surveys")
  for id in pairs(conn.wanted or {}) do left[id] = true end
  -- The account's surveys: those that it has, and those that it had when they were read.
  conn.account_has = {}
  for _, id in ipairs(kept and kept:keys() or {}) do conn.account_has[id] = true end
  repeat
    local page = conn:page{ get = "/v3/surveys", query = { include = "date_modified", per_page = 1000, page = number }, items = "data", next = "links.next" }
    for _, survey in ipairs(page.items) do
      survey.id = tostring(survey.id)
      conn.account_has[survey.id] = true
      if not conn.wanted or left[survey.id] then
        left[survey.id] = nil
        found[#found + 1] = part_of(conn, kept, survey)
        if conn.trying and found[1] then return found end
      end
    end
    number = number + 1
    if page.next then once(page.next) end
  until not page.next
  for id in tables.sorted(left) do
    local reason = ("SurveyMonkey: the account of the token has no survey %s; look at settings.surveys, and at settings.host if it is in another region"):format(id)
    if conn.trying then error(reason, 0) end
    found[#found + 1] = { id = id, error = reason }
  end
  if #found == 0 then log.warn("SurveyMonkey: no survey has an NPS question; check which account the token is for, or name questions with choices from 0 to 10 in settings.questions") end
  return found
end

-- Returns a request for a page of a survey's responses, those first that were changed last: a response that is changed while the pages are
-- read moves the others to later pages, so none is skipped. A position is the number of a page and how many responses there were. If
-- there are fewer now, some were deleted, others may have moved to a page that was read, and reading begins again.
local function responses(conn, survey, since)
  return {
    get = ("/v3/surveys/%s/responses/bulk"):format(survey.id), items = "data",
    query = { status = "completed", sort_by = "date_modified", sort_order = "DESC", per_page = conn.settings.page or 100, page = 1, start_modified_at = since },
    send = function(request, position) request.query.page = tonumber(position:match("^%d+")) end,
    next = function(body, _, position)
      local number, total = tonumber(body.page), tonumber(body.total)
      if not (number and total) then error("SurveyMonkey: the response does not say which page it is, so the list cannot be read", 0) end
      local before = position and tonumber(position:match("%d+$")) or total
      if total < before then return ("1:%d"):format(total) end
      if not empty(F.at(body, "links.next")) then return ("%d:%d"):format(number + 1, total) end
    end,
  }
end

-- Returns the e-mail address of a response: that of the contact, of a custom variable, or one that was typed in.
local function address(item, typed)
  for _, path in ipairs{ "metadata.contact.email.value", "email_address", "custom_variables.email" } do
    local value = F.at(item, path)
    if not empty(value) then return value end
  end
  return typed or json.null
end

-- Joins a response with the questions of its survey. Returns whether it has an answer to the NPS question.
local function join(survey, item)
  local chosen, comment, typed
  for _, page in ipairs(list(item.pages)) do
    for _, question in ipairs(list(page.questions)) do
      local id = tostring(question.id)
      for _, answer in ipairs(list(question.answers)) do
        local row = survey.emails[id]
        if id == survey.score.id and not empty(answer.choice_id) then chosen = tostring(answer.choice_id) end
        if id == survey.comment and not empty(answer.text) then comment = answer.text end
        if row and not empty(answer.text) and (row == true or row == tostring(answer.row_id)) then typed = answer.text end
      end
    end
  end
  item.join = { id = not empty(item.id) and survey.id .. "-" .. tostring(item.id) or nil, choice = chosen, score = chosen and survey.score.scores[chosen], comment = comment or json.null, email = address(item, typed) }
  return chosen ~= nil
end

sm:stream("responses", { into = "nps", prefix = prefix, dense = true,
  cursor = C.since{ format = function(at) return time.format(at):sub(1, 19) end }, -- in UTC, without an offset
  parts = surveys,
  -- Another script can read other surveys.
  owns = function(conn, key)
    local id = key:sub(#prefix + 1):match("^(.+)%-[^-]*$")
    return id ~= nil and (conn.wanted or conn.account_has)[id] == true
  end,
  takes = function(conn) return conn.settings.questions end,
  scan = function(stream, _, _, survey)
    stream.survey = survey
    return responses(sm, survey)
  end,
  delta = function(stream, since, survey)
    stream.survey = survey
    return responses(sm, survey, since)
  end,
  prepare = function(conn, items, stream)
    for i = #items, 1, -1 do
      if not join(stream.survey, items[i]) then
        conn.skipped = (conn.skipped or 0) + 1
        table.remove(items, i)
      end
    end
  end,
  map = {
    sourceId = F.about("the ids of the survey and the response", "join.id"),
    source = F.about("`surveymonkey:` and the id of the survey", F.compute({ "survey_id" }, function(id) return "surveymonkey:" .. tostring(id) end)),
    email = F.required(F.about("the contact's address, the custom variable `email`, or the answer to a question for the address", "join.email"), "the response has no e-mail address, and Planhat needs one"),
    -- Without the scope for answers, responses have no pages.
    score = F.required(F.about("the answer to the NPS question", F.compute({ "pages", "join.score" }, function(_, score) return score or json.null end)), "the survey no longer has the choice of this response"),
    comment = F.about("the answer to the first question for text after the NPS question", "join.comment"),
    -- Without a key, Planhat finds the company by the address.
    cId = F.about("the company with the key in the custom variable `company_id`; otherwise Planhat finds it by the address", function(item, context)
      local key = F.at(item, "custom_variables." .. (sm.settings.company or "company_id"))
      return not empty(key) and context.company{ key = key } or nil
    end),
    dateAnswered = F.date("date_modified"),
  } })

setup.add{
  name = "surveymonkey", title = "SurveyMonkey", connection = sm,
  steps = {
    "Go to developer.surveymonkey.com/apps, and add an app. If you are asked for its type, choose private.",
    "In its settings, under Scopes, set View Surveys, View Responses and View Response Details to required, and update the scopes.",
    "Copy the access token from the settings. Deploy the app as private within 90 days, or SurveyMonkey disables it. That needs a paid plan with direct access to the API.",
  },
  credentials = { { name = "SURVEYMONKEY_TOKEN", what = "the access token" } },
  settings = { { name = "host", what = "api.surveymonkey.com, or api.eu.surveymonkey.com or api.surveymonkey.ca if your account is in Europe or Canada" } },
  script = [[
-- Brings answers to NPS questions in SurveyMonkey to Planhat.
-- @schedule "50 3 * * *"
local surveymonkey = require "connectors.surveymonkey"

surveymonkey.sync{
  missing = "report", -- what SurveyMonkey no longer has: report or delete
}
]],
  test = [[
local http = require "http"

it("brings answers to Planhat", function()
  local choices = {}
  for score = 0, 10 do
    choices[score + 1] = { id = "c" .. score, position = score + 1, text = tostring(score), weight = score <= 6 and -100 or score <= 8 and 0 or 100 }
  end
  http.stub{ url = "https://*/v3/surveys?*", json = { data = { { id = "1", title = "Customers", date_modified = "2026-11-01T08:00:00" } }, links = {} } }
  http.stub{ url = "https://*/v3/surveys/1/details", json = { pages = { { questions = {
    { id = "q1", family = "matrix", subtype = "rating", answers = { rows = { { id = "r1" } }, choices = choices } },
    { id = "q2", family = "open_ended", subtype = "essay" },
  } } } } }
  http.stub{ url = "https://*/v3/surveys/1/responses/bulk?*", json = { page = 1, total = 1, links = {}, data = { {
    id = "7", survey_id = "1", date_modified = "2026-11-20T08:00:00+00:00", metadata = { contact = { email = { type = "string", value = "kim@northwind.example" } } },
    pages = { { questions = { { id = "q1", answers = { { choice_id = "c9", row_id = "r1" } } }, { id = "q2", answers = { { text = "Fast" } } } } } },
  } } } }

  local run = run_script("surveymonkey.lua", { env = { SURVEYMONKEY_TOKEN = "a-token-for-tests" } })

  expect(run.error).to_be_nil()
  expect(planhat.nps.get_list()[1].score).to_be(9)
  expect(planhat.nps.get_list()[1].comment).to_be("Fast")
end)
]],
}

-- Returns the ids in the setting `surveys` as a set, or nil if it is not set.
local function wanted(ids)
  if ids == nil then return nil end
  local set = {}
  if type(ids) ~= "table" then
    for id in tostring(ids):gmatch("[^,%s]+") do set[id] = true end
  else
    for _, id in ipairs(ids) do set[tostring(id)] = true end
  end
  if next(set) == nil then error("SurveyMonkey: settings.surveys has no ids; leave it out to read all surveys with an NPS question", 0) end
  return set
end

-- Reads the settings of a run.
local function prepared(options)
  local settings = options and options.settings or {}
  if settings.host and not hosts[settings.host] then
    error("SurveyMonkey: the setting host must be api.surveymonkey.com, api.eu.surveymonkey.com or api.surveymonkey.ca", 0)
  end
  sm.wanted, sm.day, sm.others, sm.skipped = wanted(settings.surveys), nil, 0, 0
end

local try = sm.try
function sm:try(name, options)
  prepared(options)
  self.account, self.trying = nil, true -- one survey is enough, and costs few requests
  return try(self, name, options)
end

local M = {}

--- Makes Planhat's NPS answers agree with the responses to NPS questions in SurveyMonkey, and returns what was done, by stream. The first run reads
--- all completed responses, later ones those that were changed since. The log says how many were left out, and how many requests are left today.
---@param options { settings: table?, map: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? }? `settings`: `host`, if your account is in Europe (`api.eu.surveymonkey.com`) or Canada (`api.surveymonkey.ca`); `surveys`, the ids of the surveys to read, default all with an NPS question; `questions` and `comments`, which question of a survey gives the score and the comment, such as `{ ["1234"] = "5678" }`; `company`, the custom variable with the key of a company, default `company_id`; `page`, how many responses a page has; and `rate`. `map`: changes to the map of the stream `responses`; `missing`: `report` or `delete` what SurveyMonkey no longer has, default `report`; `max_missing`: the share of records above which a complete pass removes nothing, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the SurveyMonkey account, if you use several.
---@return table<string, table>
function M.sync(options)
  prepared(options)
  sm.account, sm.trying = options and options.account or "default", nil
  local results = sm:sync(options)
  log.info("SurveyMonkey: what was left out", { surveys_without_question = sm.others, responses_without_answer = sm.skipped })
  if sm.day then log.info(("SurveyMonkey: %d of the %s requests of the day are left"):format(sm.day.left, sm.day.limit)) end
  return results
end

return M
