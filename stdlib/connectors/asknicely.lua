--- Brings AskNicely's answers of NPS surveys to Planhat: `local asknicely = require "connectors.asknicely"`.
---
--- Set ASKNICELY_KEY to an API key, and the setting `domain` to the first part of your AskNicely's address.
local _, _, host = ...
local C, F = require "connector", require "connector.fields"
local O, setup = require "connector.options", require "connector.setup"

host.reach("*.asknice.ly")

local asknicely = C.new{
  name = "asknicely", title = "AskNicely", base = "https://{domain}.asknice.ly", version = "v1",
  auth = C.header("X-apikey", "ASKNICELY_KEY", host.credential),
  rate = { "200/10s", "1000/60s" },
}

-- How many answers a page has. Above about a thousand, AskNicely redirects to a file elsewhere.
local size = 500

-- Returns a request for a page of the answers that were given since a time in seconds, the newest first: an answer that
-- is changed while the pages are read moves the others to later pages, so none is skipped. A position is the number of a
-- page and how many answers there were. If there are fewer now, some were deleted, others may have moved to
-- a page that was read, and reading begins again.
local function answers(conn, since)
  local function page(number)
    return ("/api/v1/responses/desc/%d/%d/%s/json/answered/responded"):format(conn.settings.page or size, number, since)
  end
  return {
    get = page(1), items = "data",
    send = function(request, position) request.get = page(tonumber(position:match("^%d+"))) end,
    next = function(body, _, position)
      local number, pages, total = tonumber(body.pagenumber), tonumber(body.totalpages), tonumber(body.total)
      if not (number and pages and total) then error("AskNicely: the response does not say how many pages there are, so the list cannot be read", 0) end
      local before = position and tonumber(position:match("%d+$")) or total
      if total < before then return ("1:%d"):format(total) end
      if number < pages then return ("%d:%d"):format(number + 1, total) end
    end,
  }
end

-- A time in seconds, as text. "0" is none.
local function moment(path)
  return F.date(F.compute({ path }, function(seconds) return tostring(seconds) ~= "0" and tonumber(seconds) or json.null end))
end

asknicely:stream("responses", { into = "nps", prefix = "an-", dense = true, cursor = C.since{ format = "s" },
  scan = function() return answers(asknicely, "0") end,
  delta = function(_, since) return answers(asknicely, since) end,
  prepare = function(conn, items)
    for i = #items, 1, -1 do
      local kind = items[i].question_type
      if not F.is_empty(kind) and kind ~= "nps" then
        conn.others = (conn.others or 0) + 1
        table.remove(items, i)
      end
    end
  end,
  map = {
    sourceId = "response_id",
    source = F.constant("asknicely"),
    email = F.required("email", "the answer has no e-mail address, and Planhat needs one"),
    score = F.required(F.number("answer"), "the answer has no score"),
    comment = "comment",
    dateSent = F.about("as a time", moment("sent")),
    dateAnswered = F.about("as a time", moment("responded")),
  } })

setup.add{
  name = "asknicely", title = "AskNicely", connection = asknicely,
  steps = {
    "In AskNicely, as an admin, open Settings, API.",
    "Copy the API key.",
  },
  credentials = { { name = "ASKNICELY_KEY", what = "the API key" } },
  settings = { { name = "domain", what = "acme, if your AskNicely is acme.asknice.ly" } },
  brings = "Brings AskNicely's answers of NPS surveys to Planhat.", schedule = "20 3 * * *",
  test = [[
local http = require "http"

it("brings answers to Planhat", function()
  http.stub{ url = "https://*.asknice.ly/api/v1/responses/desc/500/1/0/json/answered/responded", json = { success = true, total = "1", totalpages = "1", pagenumber = "1", pagesize = "500", data = {
    { response_id = "7", email = "kim@northwind.example", answer = "9", comment = "Fast", question_type = "nps", sent = "1795100000", responded = "1795100200" },
  } } }

  local run = run_script("asknicely.lua", { env = { ASKNICELY_KEY = "a-key-for-tests" } })

  expect(run.error).to_be_nil()
  expect(planhat.nps.get_list()[1].score).to_be(9)
end)
]],
}

local M = {}

--- Makes Planhat's NPS answers agree with AskNicely's, and returns what was done, by stream. The first run reads everything, later ones what was
--- answered since. Answers to other questions, such as CSAT, are left out, and the log says how many.
---@param options { settings: table, map: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? } `settings`: `domain`, the first part of your AskNicely's address, and optionally `page`, how many answers a page has, and `rate`; `map`: changes to the map of the stream `responses`; `missing`: `report` or `delete` what AskNicely no longer has, default `report`; `max_missing`: the share of records above which a complete pass removes nothing, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the AskNicely account, if you use several.
---@return table<string, table>
function M.sync(options)
  O.with_address("AskNicely", options, "domain", "asknice.ly")
  asknicely.others = 0
  local results = asknicely:sync(options)
  if asknicely.others > 0 then log.info(("AskNicely: answers to other questions than NPS were left out: %d"):format(asknicely.others)) end
  return results
end

return M
