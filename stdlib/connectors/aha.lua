--- Brings Aha!'s ideas and features to Planhat as issues, linked to the companies that vote for ideas: `local aha = require "connectors.aha"`.
---
--- Set AHA_TOKEN to an API key of Aha!.
local _, _, host = ...
local C, F = require "connector", require "connector.fields"
local O, setup = require "connector.options", require "connector.setup"

host.reach("*.aha.io")

-- The limits are 20 requests per second and 300 per minute. This keeps both.
local aha = C.new{
  name = "aha", title = "Aha!", base = "https://{subdomain}.aha.io", version = "v1",
  auth = C.bearer("AHA_TOKEN", host.credential),
  rate = { "5/1s" },
}

-- What a run has read of votes and organizations, and how many records lists had.
local run

local function reset() run = { votes = {}, asked = 0, whole = false, totals = {} } end

reset()

-- Returns a request for a page of a list. Pages have numbers, so their size must not change.
local function listed(path, items, query)
  query.per_page = 200
  return { get = "/api/v1/" .. path, query = query, items = items, send = "page",
    next = function(body, list)
      local page, pages, total = F.at(body, "pagination.current_page"), F.at(body, "pagination.total_pages"), F.at(body, "pagination.total_records")
      if type(page) ~= "number" or type(pages) ~= "number" then error(("Aha!: the response to %s does not say how many pages there are"):format(path), 0) end
      -- If records were deleted meanwhile, others have moved to the page before, which was read.
      if page > 1 and type(total) == "number" and total < (run.totals[path] or 0) then
        local again = {}
        for name, value in pairs(query) do again[name] = value end
        again.page = page - 1
        for _, item in ipairs(aha:call{ get = "/api/v1/" .. path, query = again, reads = true }[items]) do list[#list + 1] = item end
      end
      run.totals[path] = total
      return page < pages and page + 1 or nil
    end }
end

-- Puts the votes of ideas into run.votes: idea by idea if they are few, and otherwise those of all ideas.
local function read_votes(conn, items)
  local function votes_of(path) return listed(path, "idea_endorsements", { fields = "idea_id,idea_organization,associated_idea_organizations,endorsed_by_idea_user" }) end
  local function add(vote)
    local id = tostring(vote.idea_id)
    run.votes[id] = run.votes[id] or {}
    table.insert(run.votes[id], vote)
  end
  if not run.whole and run.asked + #items > 20 then
    run.whole, run.votes = true, {}
    conn:each(votes_of("ideas/endorsements"), add)
  end
  for _, item in ipairs(run.whole and {} or items) do
    run.asked, run.votes[item.id] = run.asked + 1, {}
    conn:each(votes_of(("ideas/%s/endorsements"):format(item.id)), add)
  end
end

local function custom_fields(item)
  local values = {}
  for _, field in ipairs(F.is_empty(item.custom_fields) and {} or item.custom_fields) do values[field.key] = field.value end
  return values
end

-- Returns the organizations by their ids, with their keys and domains.
local function organizations(conn)
  if run.organizations then return run.organizations end
  run.organizations = {}
  conn:each(listed("idea_organizations", "idea_organizations", { fields = "name,email_domains,custom_fields" }), function(item)
    local key = aha.company_field and custom_fields(item)[aha.company_field]
    local domains = {}
    for domain in tostring(F.is_empty(item.email_domains) and "" or item.email_domains):gmatch("[^,;%s]+") do domains[#domains + 1] = domain end
    run.organizations[item.id] = { key = key, domains = domains, name = item.name }
  end)
  return run.organizations
end

-- Returns the customers of an idea: the organizations and people that vote for it, and the person who had it.
local function customers_of(conn, item)
  local customers = {}
  local function person(user)
    local email = not F.is_empty(user) and tostring(user.email or "") or ""
    local domain = email:match("@([^@%s]+)$")
    if domain then customers[#customers + 1] = { domain = domain, name = email } end
  end
  local function organization(one)
    local known = organizations(conn)[one.id] or { domains = {}, name = one.name }
    for i = 1, math.max(1, #known.domains) do customers[#customers + 1] = { key = known.key, domain = known.domains[i], name = known.name } end
  end
  for _, vote in ipairs(run.votes[item.id] or {}) do
    local several = F.is_empty(vote.associated_idea_organizations) and {} or vote.associated_idea_organizations
    for _, one in ipairs(several) do organization(one) end
    if not F.is_empty(vote.idea_organization) then organization(vote.idea_organization) end
    if #several == 0 and F.is_empty(vote.idea_organization) then person(vote.endorsed_by_idea_user) end
  end
  person(item.created_by_idea_user)
  return customers
end

-- The recycle bin names records by their reference number, which is in the address of Planhat's issue. It keeps them for 7 days.
local function gone(conn, stream, position, options)
  position = F.is_empty(position) and {} or position
  if position.ran and conn:now() - position.ran > 7 * 86400 then
    log.warn("Aha!: the last run is more than 7 days ago, and the recycle bin forgets what was deleted before; run once with --param full=true")
  end
  local latest, deleted, any = position.handled or "", {}, false
  conn:each(listed("deletions", "deletions", {}), function(one)
    local is, at = one.record, tostring(one.deleted_at)
    if F.is_empty(is) or is.type ~= stream.bin or tostring(one.status):find("^restore") or at <= (position.handled or "") then return end
    deleted[tostring(is.reference_num)], any = true, true
    if at > latest then latest = at end
  end)
  local keys = {}
  if any then
    for issue in planhat.issue.each{ select = { "sourceId", "sourceUrl" } } do
      local reference = tostring(issue.sourceUrl):match("([^/]+)$")
      if reference and deleted[reference] and tostring(issue.sourceId):sub(1, #stream.owned.prefix) == stream.owned.prefix then keys[#keys + 1] = issue.sourceId end
    end
  end
  local missing = options and options.missing
  if missing ~= "archive" and missing ~= "delete" then latest = position.handled end -- a later run may remove them
  return keys, { handled = latest ~= "" and latest or nil, ran = conn:now() }
end

local fields = "reference_num,name,created_at,updated_at,workflow_status,description,url,score,custom_fields"

-- Puts the custom fields of items where maps find them.
local function customize(items)
  for _, item in ipairs(items) do item.join = { custom = custom_fields(item) } end
end

local function maps(stream, property)
  for _, name in ipairs(stream.fields) do
    if name == property then return true end
  end
  return false
end

aha:stream("ideas", { into = "issue", prefix = "aha-idea-", dense = true, cursor = C.since{ format = "iso", overlap = 60 },
  scan = function() return listed("ideas", "ideas", { fields = fields .. ",votes,feature,tags,created_by_idea_user" }) end,
  delta = function(_, since) return listed("ideas", "ideas", { fields = fields .. ",votes,feature,tags,created_by_idea_user", updated_since = since }) end,
  gone = function(conn, stream, position, options)
    stream.bin = "Idea"
    return gone(conn, stream, position, options)
  end,
  prepare = function(conn, items, stream)
    customize(items)
    if not maps(stream, "companyIds") then return end
    read_votes(conn, items)
    for _, item in ipairs(items) do item.join.customers = customers_of(conn, item) end
  end,
  map = {
    sourceId = "id",
    source = F.constant("aha"),
    sourceUrl = "url",
    title = F.required("name", "the idea has no name, and Planhat needs one"),
    description = F.text("description.body"),
    status = "workflow_status.name",
    companyIds = F.companies("join.customers"),
  } })

aha:stream("features", { into = "issue", prefix = "aha-feature-",
  scan = function() return listed("features", "features", { fields = fields .. ",due_date" }) end,
  prepare = function(_, items) customize(items) end,
  map = {
    sourceId = "id",
    source = F.constant("aha"),
    sourceUrl = "url",
    title = F.required("name", "the feature has no name, and Planhat needs one"),
    description = F.text("description.body"),
    status = "workflow_status.name",
  } })

setup.add{
  name = "aha", title = "Aha!", connection = aha,
  steps = {
    "In Aha!, open Settings, Personal, Developer, API keys.",
    "Generate a key, and copy it. It can read what you can read.",
  },
  credentials = { { name = "AHA_TOKEN", what = "the API key" } },
  settings = { { name = "subdomain", what = "acme, if your Aha! is acme.aha.io" } },
  brings = "Brings Aha!'s ideas and features to Planhat as issues.", schedule = "15 3 * * *", archives = true,
  test = [[
local http = require "http"

it("brings ideas to Planhat", function()
  simulator.seed("company", { { externalId = "north", name = "Northwind", domains = { "northwind.example" } } })
  local api, once = "https://*.aha.io/api/v1/", { total_records = 1, total_pages = 1, current_page = 1 }
  local function record(id)
    return { id = id, reference_num = "P-" .. id, name = "Record " .. id, url = "https://acme.aha.io/P-" .. id, workflow_status = { name = "Planned" }, description = { body = "<p>Soon</p>" } }
  end
  http.stub{ url = api .. "ideas", json = { ideas = { record("1") }, pagination = once } }
  http.stub{ url = api .. "features", json = { features = { record("2") }, pagination = once } }
  http.stub{ url = api .. "deletions", json = { deletions = json.array{}, pagination = once } }
  http.stub{ url = api .. "ideas/1/endorsements", json = { pagination = once, idea_endorsements = {
    { id = "3", idea_id = "1", endorsed_by_idea_user = { email = "kim@northwind.example" } },
  } } }

  local run = run_script("aha.lua", { env = { AHA_TOKEN = "a-token-for-tests" } })

  expect(run.error).to_be_nil()
  local idea = planhat.issue.get_by_id("srcid-aha-idea-1")
  expect(idea.status).to_be("Planned")
  expect(#idea.companyIds).to_be(1)
end)
]],
}

local M = {}

--- Makes Planhat's issues agree with Aha!'s ideas and features, and returns what was done, by stream. Features are all read in each run; of ideas,
--- the first run reads all, and later ones what changed.
---@param options { settings: table, streams: string[]?, map: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? } `settings`: `subdomain`, the first part of your Aha!'s address, and optionally `rate`, how many requests to send at most, and `company_field`, the key of the custom field of organizations that has the `externalId` or `sourceId` of a company; `streams`: `ideas`, `features`, default both; `map`: changes to the map of each stream; `missing`: `report`, `archive` or `delete` what Aha! no longer has, default `report`; `max_missing`: the share of records above which nothing is removed, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the account, if you use several.
---@return table<string, table>
function M.sync(options)
  local settings = O.with_address("Aha!", options, "subdomain", "aha.io")
  reset()
  aha.company_field = settings.company_field
  local own = {}
  for name, value in pairs(options) do own[name] = value end
  own.account = options.account or settings.subdomain
  return aha:sync(own)
end

return M
