--- Brings the answers of NPS surveys in Typeform to Planhat: `local typeform = require "connectors.typeform"`.
---
--- Set TYPEFORM_TOKEN to a personal token with the scopes forms:read and responses:read, and the setting `form` to the id of a form.
local _, _, host = ...
local C, F = require "connector", require "connector.fields"
local setup = require "connector.setup"

host.reach("api.typeform.com")
host.reach("api.eu.typeform.com")
host.reach("api.typeform.eu")

local typeform = C.new{
  name = "typeform", title = "Typeform", base = "https://api.typeform.com", auth = C.bearer("TYPEFORM_TOKEN", host.credential), rate = { "2/1s" },
}

local empty = F.is_empty
local prefix = "tf-"

-- How many responses a page has, and for how many minutes responses can be missing from the list.
local size, late = 1000, 60

local hints = {
  [403] = "check TYPEFORM_TOKEN: it may be wrong, or lack the scopes forms:read and responses:read; for an account in Typeform's EU data center, set settings.region to \"eu\"",
  [404] = "compare the form's id with the end of the form's address, such as lT4Z3j in acme.typeform.com/to/lT4Z3j",
}
hints[401] = hints[403]

local explain = typeform.explain
function typeform:explain(err)
  err.hint = hints[err.status] or err.hint
  -- A wrong token is refused with 403, for all forms.
  if err.status == 403 and tostring(err.body):find('"AUTHENTICATION_FAILED"', 1, true) then err.kind = "auth" end
  explain(self, err)
end

-- Returns a list of the response's, which can be null or missing.
local function list_of(value) return type(value) == "table" and value ~= json.null and value or {} end

-- Returns the value at a path, or nil.
local function find(item, path)
  local value = path and F.at(item, path)
  return not empty(value) and value or nil
end

-- Returns what a path calls a question: its ref, unless a path cannot have it.
local function name_of(question)
  local ref = question.ref
  return (empty(ref) or ref:find(".", 1, true)) and tostring(question.id) or ref
end

-- Lists questions, also those of groups.
local function questions_of(fields, into)
  for _, question in ipairs(list_of(fields)) do
    into[#into + 1] = question
    questions_of(list_of(question.properties).fields, into)
  end
  return into
end

-- Reports whether a question asks for a score from 0 to 10.
local function is_score(question)
  local about = list_of(question.properties)
  return question.type == "nps" or question.type == "opinion_scale" and about.steps == 11 and about.start_at_one ~= true
end

local function names(list)
  local texts = {}
  for i, one in ipairs(list) do texts[i] = type(one) == "table" and ("%s (%s)"):format(name_of(one), empty(one.title) and tostring(one.type) or one.title) or tostring(one) end
  return #texts > 0 and table.concat(texts, ", ") or "none"
end

-- Finds a question by its ref or id.
local function named(form, name)
  for _, question in ipairs(form.questions) do
    if question.ref == name or question.id == name then return question end
  end
end

-- Returns the path of what a setting names: a question or a hidden field.
local function path_of(form, property, setting)
  local name = form.settings[setting]
  if name == nil then return nil end
  local question = named(form, name)
  if question then return "answer." .. name_of(question) end
  for _, hidden in ipairs(form.hidden) do
    if hidden == name then return "hidden." .. name end
  end
  error(("Typeform: the form %s has no %q, which %s is mapped to by the setting %s. Its questions are %s; its hidden fields are %s. Correct the setting, or check whether the token may read it"):format(
    form.label, "answer." .. tostring(name), property, setting, names(form.questions), names(form.hidden)), 0)
end

local function first_of(form, kind, after)
  for i, question in ipairs(form.questions) do
    if question.type == kind and i > (after or 0) then return "answer." .. name_of(question) end
  end
end

-- Finds the question that asks for the score.
local function score_of(form)
  local wanted, kinds = form.settings.score, { nps = {}, opinion_scale = {} }
  for i, question in ipairs(form.questions) do
    if is_score(question) and (not wanted or question == named(form, wanted)) then table.insert(kinds[question.type], i) end
  end
  local found = #kinds.nps > 0 and kinds.nps or kinds.opinion_scale
  if #found == 1 then return found[1] end
  if wanted then
    error(("Typeform: the form %s has no question %q with a score from 0 to 10; set score to the ref of one. Its questions are %s"):format(form.label, tostring(wanted), names(form.questions)), 0)
  end
  if #found == 0 then
    error(("Typeform: the form %s has no question with a score from 0 to 10; add a question of the type Net Promoter Score, or leave the form out. Its questions are %s"):format(form.label, names(form.questions)), 0)
  end
  local several = {}
  for i, at in ipairs(found) do several[i] = form.questions[at] end
  error(("Typeform: the form %s has several questions with a score from 0 to 10; set score to the ref of one: %s"):format(form.label, names(several)), 0)
end

-- Reads a form, and finds where its responses have what. It is read once in each run.
local function form_of(conn, part)
  local form = conn.forms[part.id]
  if form then return form end
  local body = conn:call{ get = "/forms/" .. part.id, reads = true }
  form = { id = part.id, settings = part, questions = questions_of(body.fields, {}), hidden = list_of(body.hidden), label = ("%q (%s)"):format(tostring(body.title), part.id) }
  part.title = not empty(body.title) and tostring(body.title) or nil
  local score = score_of(form)
  form.score = "answer." .. name_of(form.questions[score])
  form.comment = path_of(form, "comment", "comment") or first_of(form, "long_text", score)
  form.company = path_of(form, "cId", "company") or "hidden.company_id"
  local email = path_of(form, "email", "email")
  form.emails = email and { email } or { "hidden.email", first_of(form, "email") }
  conn.forms[part.id] = form
  return form
end

local function value_of(answer)
  local value = answer[answer.type]
  if type(value) ~= "table" or value == json.null then return value == nil and json.null or value end
  if value.labels then return table.concat(list_of(value.labels), ", ") end
  return value.label or value.other or json.null
end

-- Adds to a response its answers by the refs of the questions, and what the map needs.
local function complete(form, item)
  item.answer = {}
  local function put(name, value) item.answer[tonumber(name) or name] = value end -- as paths are read
  for _, question in ipairs(form.questions) do put(name_of(question), json.null) end
  for _, answer in ipairs(list_of(item.answers)) do
    if type(answer.field) == "table" then put(name_of(answer.field), value_of(answer)) end
  end
  item.join = {
    id = not empty(item.token) and form.id .. "-" .. tostring(item.token) or nil, source = "typeform:" .. form.id,
    score = find(item, form.score), comment = find(item, form.comment), company = find(item, form.company),
    email = find(item, form.emails[1]) or find(item, form.emails[2]),
  }
end

-- Returns a request for a page of responses, the newest first. A position is the token of the last response before it, and
-- when that was submitted.
local function responses(conn, part, since)
  local form = form_of(conn, part)
  local query = { page_size = conn.settings.page or size, response_type = "completed", since = since }
  return {
    get = ("/forms/%s/responses"):format(form.id), query = query, items = "items", limit = "page_size",
    send = function(_, position)
      local token, at = position:match("^(%S+) (%S+)$")
      if token == "until" then query["until"] = ("%.0f"):format(time.parse(at)) else query.before = token end
    end,
    next = function(body, items)
      for _, item in ipairs(items) do
        if type(item) == "table" and item ~= json.null then complete(form, item) end
      end
      -- The total counts this page and those after it. Without one, the last page is shorter than was asked for.
      local last, total = items[#items], tonumber(body.total_items)
      if not last or #items < query.page_size and not total or total and total <= #items then return nil end
      if type(last) ~= "table" or empty(last.token) or empty(last.submitted_at) then error("Typeform: the last response of a page has no token or no time, so the next page cannot be read", 0) end
      return last.token .. " " .. last.submitted_at
    end,
  }
end

-- Reads a page from a position. If the response there was deleted, Typeform does not know its token, and the time says what to read.
local function surely(read, position)
  local ok, page = pcall(read, position)
  local at = position and position:match("^%S+ (%S+)$")
  local first = ok and page.items[1]
  local refused = not ok and type(page) == "table" and (page.status == 400 or page.status == 404)
  local ignored = at and type(first) == "table" and type(first.submitted_at) == "string" and first.submitted_at > at
  if not at or not (refused or ignored) then
    if ok then return page end
    error(page, 0)
  end
  log.info(("Typeform: the response at the end of a page was deleted, so the next page begins at its time, %s"):format(at))
  return read("until " .. at)
end

-- Responses appear in the list some time after they were submitted.
local function cursor(stream, conn)
  local scan = stream.scan
  stream.scan = function(position, part)
    return surely(function(from) return scan(from, part) end, position)
  end
  C.since{ format = "s", overlap = (conn.settings.late or late) * 60 }(stream, conn)
  local changes = stream.changes
  stream.changes = function(walk, part)
    return surely(function(from) return changes({ since = walk.since, began = walk.began, token = from }, part) end, walk.token)
  end
end

typeform:stream("responses", { into = "nps", prefix = prefix, dense = true, cursor = cursor,
  parts = function(conn) return conn.parts end,
  owns = function(conn, key) return conn.ids[key:match("^" .. prefix:gsub("%-", "%%-") .. "(.+)%-[^-]*$")] == true end,
  scan = function(_, _, _, part) return responses(typeform, part) end,
  delta = function(_, since, part) return responses(typeform, part, since) end,
  prepare = function(conn, items)
    for i = #items, 1, -1 do
      local kind, at = items[i].response_type, items[i].submitted_at
      if not empty(kind) and kind ~= "completed" or empty(at) or tostring(at):find("^0001") then
        conn.open = conn.open + 1
        table.remove(items, i)
      end
    end
  end,
  map = {
    sourceId = F.about("the form's id, and the response's token", "join.id"),
    source = F.about("`typeform:` and the form's id", "join.source"),
    email = F.about("the hidden field `email`, or the answer to the first question for an e-mail address, or what the setting `email` names; required",
      F.required("join.email", "the response has no e-mail address, and Planhat needs one")),
    score = F.about("the answer to the question with a score from 0 to 10, or to that of the setting `score`; required",
      F.required(F.number("join.score"), "the response has no answer to the question with the score")),
    comment = F.about("the answer to the first long text after the score, or what the setting `comment` names", F.keep("join.comment")),
    cId = F.about("the company whose `externalId` or `sourceId` is the hidden field `company_id`, or what the setting `company` names", function(item, context)
      local key = item.join.company
      return not empty(key) and context.company{ key = key } or nil
    end),
    dateAnswered = F.date("submitted_at"),
  } })

setup.add{
  name = "typeform", title = "Typeform", connection = typeform,
  steps = {
    "Open admin.typeform.com/user/tokens, or in Typeform's menu Account, Personal tokens.",
    "Generate a token with the custom scopes Forms: Read and Responses: Read. It is shown once.",
    "Open the form. Its id is in the address, such as lT4Z3j in admin.typeform.com/form/lT4Z3j/create.",
  },
  credentials = { { name = "TYPEFORM_TOKEN", what = "the personal token, which begins with tfp_" } },
  settings = {
    { name = "form", what = "the form's id, such as lT4Z3j" },
    { name = "region", what = "us, or eu if your account is in Typeform's EU data center" },
  },
  script = [[
-- Brings the answers of an NPS survey in Typeform to Planhat.
-- @schedule "40 * * * *"
local typeform = require "connectors.typeform"

typeform.sync{
  missing = "report", -- what Typeform no longer has: report or delete
}
]],
  test = [[
local http = require "http"

it("brings responses to Planhat", function()
  http.stub{ url = "https://api*.typeform.com/forms/*/responses?*", json = { total_items = 1, page_count = 1, items = {
    { token = "a1", landed_at = "2026-11-20T09:00:00Z", submitted_at = "2026-11-20T09:01:00Z", hidden = { email = "kim@northwind.example" },
      answers = { { type = "number", number = 9, field = { id = "q1", ref = "nps", type = "nps" } } } },
  } } }
  http.stub{ url = "https://api*.typeform.com/forms/*", json = { title = "Survey", hidden = { "email" }, fields = { { id = "q1", ref = "nps", type = "nps", title = "Score" } } } }

  local run = run_script("typeform.lua", { env = { TYPEFORM_TOKEN = "a-token-for-tests" } })

  expect(run.error).to_be_nil()
  expect(planhat.nps.get_list()[1].score).to_be(9)
end)
]],
}

local bases = { us = "https://api.typeform.com", eu = "https://api.eu.typeform.com" }

-- Reads the settings of a run.
local function prepared(given)
  local options, settings = {}, {}
  for name, value in pairs(given or {}) do options[name] = value end
  for name, value in pairs(options.settings or {}) do settings[name] = value end
  local function fail(text) error("Typeform: " .. text, 0) end
  local list = settings.forms or { settings.form }
  if type(list) ~= "table" or #list == 0 then fail("set settings.form to the id of a form, such as lT4Z3j in acme.typeform.com/to/lT4Z3j, or settings.forms to several") end
  local region = empty(settings.region) and "us" or settings.region
  if not bases[region] then fail(("the setting region is us or eu, not %q"):format(tostring(region))) end
  if settings.late and not tonumber(settings.late) then fail("the setting late takes a number of minutes") end
  settings.base = settings.base or bases[region]
  typeform.parts, typeform.ids, typeform.forms, typeform.open = {}, {}, {}, 0
  for i, one in ipairs(list) do
    local part = { score = settings.score, comment = settings.comment, email = settings.email, company = settings.company }
    for name, value in pairs(type(one) == "table" and one or { id = one }) do part[name] = value end
    if type(part.id) ~= "string" or not part.id:match("^[%w_-]+$") then fail(("the id of form %d must be a text such as \"lT4Z3j\", the end of the form's address"):format(i)) end
    if typeform.ids[part.id] then fail(("the form %s is in settings.forms twice"):format(part.id)) end
    typeform.parts[i], typeform.ids[part.id] = part, true
  end
  options.settings = settings
  return options
end

local try = typeform.try
function typeform:try(name, options) return try(self, name, prepared(options)) end

local M = {}

--- Makes Planhat's NPS answers agree with the responses of forms in Typeform, and returns what was done, by stream. The first run reads everything, later ones what was
--- submitted since. Responses that were not completed are left out.
---@param options { settings: table, map: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? } `settings`: `form`, the id of a form, or `forms`, a list of ids, or of tables with `id` and those of the following settings that differ; `score`, `comment`, `email` and `company`: the refs of the questions, or the names of the hidden fields, with these values, by default as in the guide; `region`: `eu` for accounts in Typeform's EU data center; `late`: for how many minutes a response can be missing from Typeform's list, default 60; `page`: how many responses a page has; `rate`: how many requests to send at most. `map`: changes to the map of the stream `responses`, where `answer.REF` is the answer to a question, and `hidden.NAME` a hidden field; `missing`: `report` or `delete` what Typeform no longer has, default `report`; `max_missing`: the share of records above which a complete pass removes nothing, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the Typeform account, if you use several.
---@return table<string, table>
function M.sync(options)
  options = prepared(options)
  local results = typeform:sync(options)
  if typeform.open > 0 then log.info(("Typeform: responses that were not completed were left out: %d"):format(typeform.open)) end
  return results
end

return M
