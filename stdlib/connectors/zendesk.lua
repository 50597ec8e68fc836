--- Brings Zendesk's organizations, users, tickets and satisfaction ratings to Planhat: `local zendesk = require "connectors.zendesk"`.
---
--- Set ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET to those of a confidential OAuth client that an administrator created, or
--- ZENDESK_TOKEN to an access token. API tokens (ZENDESK_EMAIL and ZENDESK_API_TOKEN) work until 30 April 2027.
local _, _, host = ...
local C, A, D, F = require "connector", require "connector.auth", require "connector.deletions", require "connector.fields"
local O, setup = require "connector.options", require "connector.setup"
local csat, writes = require "connectors.zendesk.csat", require "connectors.zendesk.writes"

host.reach("*.zendesk.com")

-- What begins the ids in Planhat, because other systems have numbers as well.
local prefix = "zd-"

-- How to identify: the first of these ways whose variables are set.
local function by_client(conn)
  return A.oauth2({
    token_url = "/oauth/tokens", client_id = "ZENDESK_CLIENT_ID", client_secret = "ZENDESK_CLIENT_SECRET",
    scopes = conn.writes and { "read", "write" } or { "read" },
  }, host.credential)(conn)
end

local function by_api_token()
  local email, key = host.variable("ZENDESK_EMAIL"), host.credential("ZENDESK_API_TOKEN")
  return email and key and { basic = { email .. "/token", key } } or nil
end

local zendesk = C.new{
  name = "zendesk", title = "Zendesk", base = "https://{subdomain}.zendesk.com", version = "v2", expires = { ZENDESK_API_TOKEN = "2027-04-30" },
  auth = A.either(by_client, C.bearer("ZENDESK_TOKEN", host.credential), by_api_token),
  rate = { "200/1m", export = "10/1m" },
}

local function empty(value) return value == nil or value == json.null or value == "" end

-- Returns an id as text. tostring would shorten one with more than 14 digits.
local function text_of(id) return ("%.0f"):format(id) end

-- Turns ids into text, which is what Planhat and lookups use.
local function ids_to_text(items, names)
  for _, item in ipairs(items) do
    for _, name in ipairs(names) do
      if type(item[name]) == "number" then item[name] = text_of(item[name]) end
    end
  end
end

-- Reads records by their ids, and returns them by id. Those that do not exist are not there.
local function read_many(conn, kind, ids)
  local found = {}
  for first = 1, #ids, 100 do
    local part = {}
    for i = first, math.min(first + 99, #ids) do part[#part + 1] = ids[i] end
    local body = conn:call{ get = "/api/v2/" .. kind .. "/show_many.json", query = { ids = table.concat(part, ",") } }
    for _, record in ipairs(body[kind]) do found[text_of(record.id)] = record end
  end
  return found
end

-- Returns the users or organizations that fields of items refer to, by id: those that
-- came with the page, and the others from Zendesk.
local function referred(conn, kind, items, names, loaded)
  local found, missing, asked = {}, {}, {}
  for _, record in ipairs(loaded or {}) do found[text_of(record.id)] = record end
  for _, item in ipairs(items) do
    for _, name in ipairs(names) do
      local id = item[name]
      if not empty(id) and not found[id] and not asked[id] then
        asked[id] = true
        missing[#missing + 1] = id
      end
    end
  end
  if #missing > 0 then
    for id, record in pairs(read_many(conn, kind, missing)) do found[id] = record end
  end
  return found
end

-- Returns the deletions of a stream.
local function deletions_of(stream)
  stream.deletions = stream.deletions or D.open("zendesk deletions " .. zendesk.account .. (stream.apart or ""), stream.name)
  return stream.deletions
end

-- Takes the deleted ones out of the items of a page. A trial does not store them.
local function take_deleted(stream, items, is_deleted)
  if zendesk.account then
    deletions_of(stream):take(items, is_deleted)
    return
  end
  for i = #items, 1, -1 do
    if is_deleted(items[i]) then table.remove(items, i) end
  end
end

local function deleted(_, stream, handled, options)
  local ids, last = deletions_of(stream):since(handled)
  -- A complete pass that began in this run has compared all records already.
  if stream.whole then return {}, handled end
  local missing = options and options.missing or zendesk.missing
  if missing ~= "archive" and missing ~= "delete" then last = handled end -- a later run may remove them
  for i, id in ipairs(ids) do ids[i] = prefix .. id end
  return ids, last
end

-- Returns a request for a page of an export: after a cursor, or since a time in seconds.
local function export(stream, conn, kind, include, position)
  local query = { per_page = conn.settings.page or 1000, include = include }
  local cursor = type(position) == "string" and position or nil
  if cursor then
    query.cursor = cursor
  else
    query.start_time = math.max(0, math.floor(math.min(position or 0, conn:now() - 120)))
  end
  return { get = "/api/v2/incremental/" .. kind .. "/cursor.json", class = "export", query = query, items = kind, done = "end_of_stream", send = "cursor", limit = "per_page",
    next = function(body)
      stream.loaded = body
      if empty(body.after_cursor) then return position end
      return body.after_cursor
    end }
end

-- Declares a stream that Zendesk exports by cursor.
local function exported(kind, include, spec)
  spec.cursor = C.token{ expired = { 400, 410, 422 }, from = function(since) return since end }
  spec.scan = function(stream, _, position)
    stream.whole = stream.whole or position == nil
    return export(stream, zendesk, kind, include, position)
  end
  spec.delta = function(stream, position) return export(stream, zendesk, kind, include, position) end
  spec.gone = deleted
  spec.prefix = prefix
  zendesk:stream(kind, spec)
end

-- Reads what changed since a second. If that second has more organizations than a page,
-- the export never passes it, and all are listed instead.
local function by_time(stream, conn)
  stream.begin = function(began) return { since = began + conn.skew - 60 } end
  stream.from = function(since) return since end
  stream.resume = function(cursor) return cursor.walk or cursor.since - 60 end
  stream.finish = function(position) return { since = position } end
  stream.hold = function(cursor, position) return { since = cursor.since, walk = position } end
  stream.changes = function(from)
    local start = math.max(0, math.floor(math.min(from, conn:now() - 120)))
    local page = conn:page{ get = "/api/v2/incremental/organizations.json", class = "export", items = "organizations", next = "end_time", done = "end_of_stream", limit = "per_page",
      query = { start_time = start, per_page = conn.settings.page or 1000 } }
    page.next = page.next or start
    if not page.done and page.next <= start then
      log.info(("%s: more changed in one second than the export can list; everything is read again"):format(stream.name))
      return nil
    end
    return page
  end
end

-- Returns a request for a page of a list.
local function listed(kind, query)
  query["page[size]"] = 100
  return { get = "/api/v2/" .. kind .. ".json", query = query, items = kind, send = "page[after]", limit = "page[size]",
    next = function(body) return body.meta.has_more == true and body.meta.after_cursor or nil end }
end

local tags_of = F.about("`tags`", function(item) return empty(item.tags) and json.array{} or item.tags end)

zendesk:stream("organizations", { into = "company", permissions = { "read" }, back_permissions = { "write" }, dense = true, prefix = prefix, cursor = by_time, gone = deleted,
  scan = function(stream, _, position)
    stream.whole = stream.whole or position == nil
    return listed("organizations", {})
  end,
  prepare = function(_, items, stream)
    ids_to_text(items, { "id" })
    take_deleted(stream, items, function(item) return not empty(item.deleted_at) end)
  end,
  back = writes.of(read_many, listed),
  map = {
    sourceId = "id",
    name = F.required("name", "the organization has no name"),
    domains = F.domains(F.about("`domain_names`", function(item) return empty(item.domain_names) and "" or table.concat(item.domain_names, ",") end)),
    description = "details",
    tags = tags_of,
  } })

exported("users", "organizations", { into = "enduser", permissions = { "read" }, after = "organizations",
  prepare = function(conn, items, stream)
    ids_to_text(items, { "id", "organization_id" })
    -- Agents are not customers. Planhat cannot place a person who has neither a company nor an e-mail address.
    local customers = {}
    for _, item in ipairs(items) do
      if item.role == "end-user" and (item.active == false or not empty(item.email) or not empty(item.organization_id)) then customers[#customers + 1] = item end
    end
    for i = #items, 1, -1 do items[i] = customers[i] end
    take_deleted(stream, items, function(item) return item.active == false end)
    local organizations = referred(conn, "organizations", items, { "organization_id" }, stream.loaded.organizations)
    for _, item in ipairs(items) do item.join = { organization = organizations[item.organization_id] } end
  end,
  map = {
    sourceId = "id",
    email = F.keep("email"),
    name = "name",
    phone = "phone",
    tags = tags_of,
    companyId = F.ref("company", "organization_id", prefix),
  } })

-- Checks the fields of tickets that the map reads, such as join.field.360001.
local function check_fields(conn, stream)
  local wanted = {}
  for _, path in ipairs(stream.paths) do
    local id = path:match("^join%.field%.(%d+)$")
    if id then wanted[#wanted + 1] = id end
  end
  if stream.checked or #wanted == 0 then return end
  stream.checked = true
  local known = {}
  for _, field in ipairs(conn:call{ get = "/api/v2/ticket_fields.json" }.ticket_fields) do known[text_of(field.id)] = true end
  for _, id in ipairs(wanted) do
    if not known[id] then error(("Zendesk: there is no ticket field %s, which tickets are mapped from; look at its id in Admin Center, Objects and rules, Tickets, Fields"):format(id), 0) end
  end
end

local function set(...)
  local values = {}
  for _, value in ipairs{ ... } do values[value] = true end
  return values
end

-- Zendesk's own fields are the same everywhere.
local usual = {
  status = set("new", "open", "pending", "hold", "solved", "closed"), priority = set("low", "normal", "high", "urgent"),
  type = set("problem", "incident", "question", "task"),
}

-- Returns what a field of tickets can be, if it has a list.
local function choices(conn, path)
  local id = path:match("^join%.field%.(%d+)$")
  if not id then return usual[path] end
  for _, field in ipairs(conn:call{ get = "/api/v2/ticket_fields.json" }.ticket_fields) do
    if text_of(field.id) == id and not empty(field.custom_field_options) and #field.custom_field_options > 0 then
      local values = {}
      for _, option in ipairs(field.custom_field_options) do values[tostring(option.value)] = true end
      return values
    end
  end
end

local function by_domain(item)
  local domain = tostring(item.join.requester.email):match("@([^@%s]+)$")
  return domain and json.array{ domain:lower() } or nil
end

exported("tickets", "users,organizations", { into = "ticket", permissions = { "read" }, after = "users", choices = choices,
  prepare = function(conn, items, stream)
    check_fields(conn, stream)
    ids_to_text(items, { "id", "organization_id", "requester_id", "assignee_id" })
    take_deleted(stream, items, function(item) return item.status == "deleted" end)
    local users = referred(conn, "users", items, { "requester_id", "assignee_id" }, stream.loaded.users)
    local organizations = referred(conn, "organizations", items, { "organization_id" }, stream.loaded.organizations)
    for _, item in ipairs(items) do
      local values = {}
      for _, field in ipairs(empty(item.custom_fields) and {} or item.custom_fields) do values[field.id] = field.value end
      item.join = { requester = users[item.requester_id], assignee = users[item.assignee_id], organization = organizations[item.organization_id], field = values }
    end
  end,
  map = {
    sourceId = "id",
    source = F.constant("zendesk"),
    email = F.required("join.requester.email", "the requester has no e-mail address, and Planhat drops tickets without one"),
    name = "join.requester.name",
    agentEmail = "join.assignee.email",
    companyId = F.ref("company", "organization_id", prefix),
    -- Without an organization, the requester's domain says which company it is.
    domains = F.about("without an organization, the domain of the requester's address", function(item) return empty(item.organization_id) and by_domain(item) or nil end),
    title = "subject",
    description = "description",
    url = F.about("the agents' page", function(item) return ("https://%s.zendesk.com/agent/tickets/%s"):format(zendesk.settings.subdomain, item.id) end),
    status = "status",
    severity = "priority",
    type = F.keep("type"),
    tags = tags_of,
    createdAt = F.date("created_at"),
  } })

-- A rating can change for weeks after it was given, and Zendesk finds it by the time when
-- it was offered.
zendesk:stream("satisfaction", { into = "nps", permissions = { "read" }, prefix = prefix, after = "users", cursor = C.since{ format = "s", overlap = 30 * 86400 },
  scan = function() return listed("satisfaction_ratings", { score = "received" }) end,
  delta = function(_, since) return listed("satisfaction_ratings", { score = "received", start_time = since }) end,
  prepare = function(conn, items)
    ids_to_text(items, { "id", "requester_id", "ticket_id" })
    local users = referred(conn, "users", items, { "requester_id" })
    for _, item in ipairs(items) do item.join = { requester = users[item.requester_id] } end
  end,
  takes = function(conn) return conn.csat end,
  map = {
    sourceId = "id",
    source = F.constant("zendesk"),
    email = F.required("join.requester.email", "the requester has no e-mail address, and Planhat needs one"),
    score = F.enum("score", { good = 10, bad = 0 }),
    comment = "comment",
    dateAnswered = F.date("updated_at"),
  } })

csat.prepare(zendesk, zendesk.streams.satisfaction)

-- How tickets and users find their company, by the option `companies`: the streams that
-- run by default, and changes of the map.
local function by_external_id(item)
  local id = item.join.organization and item.join.organization.external_id
  return not empty(id) and "extid-" .. tostring(id) or nil
end

local ways = {
  organizations = { streams = { "organizations", "users", "tickets" }, map = {} },
  external_id = { streams = { "users", "tickets" }, map = { users = { companyId = by_external_id }, tickets = { companyId = by_external_id, domains = by_domain } } },
  domains = { streams = { "users", "tickets" }, map = { users = { companyId = false }, tickets = { companyId = false, domains = by_domain } } },
}

setup.add{
  name = "zendesk", title = "Zendesk", connection = zendesk,
  steps = {
    "In Zendesk's Admin Center, as an administrator, open Apps and integrations, APIs, OAuth clients, and add an OAuth client.",
    "As its client type, choose Confidential. If you restrict its scopes, allow read; to write fields back, also write.",
    "Save it, and copy its identifier and its secret, which Zendesk shows once.",
  },
  credentials = {
    { name = "ZENDESK_CLIENT_ID", shown = true, what = "the identifier of the OAuth client" },
    { name = "ZENDESK_CLIENT_SECRET", what = "the secret of the OAuth client" },
  },
  settings = { { name = "subdomain", what = "acme, if your Zendesk is acme.zendesk.com" } },
  brings = "Brings Zendesk's organizations, users and tickets to Planhat.", schedule = "15 2 * * *", archives = true,
  test = [[
local http = require "http"

it("brings tickets to Planhat", function()
  local api = "https://*.zendesk.com/api/v2/"
  http.stub{ url = "https://*.zendesk.com/oauth/tokens", json = { access_token = "t", token_type = "bearer", expires_in = 1800 } }
  http.stub{ url = api .. "organizations.json", json = {
    organizations = { { id = 7, name = "Northwind", domain_names = { "northwind.example" }, details = json.null, tags = json.array{} } }, meta = { has_more = false },
  } }
  local kim = { id = 8, name = "Kim", email = "kim@northwind.example", role = "end-user", organization_id = 7, phone = json.null, tags = json.array{}, active = true }
  http.stub{ url = api .. "incremental/users/cursor.json", json = { users = { kim }, organizations = { { id = 7 } }, after_cursor = "a", end_of_stream = true } }
  http.stub{ url = api .. "incremental/tickets/cursor.json", json = {
    tickets = { { id = 9, subject = "Export fails", description = "It times out.", status = "open", priority = "high", type = json.null, requester_id = 8,
      assignee_id = json.null, organization_id = 7, tags = json.array{}, created_at = "2026-11-20T08:00:00Z" } },
    users = { kim }, organizations = { { id = 7 } }, after_cursor = "b", end_of_stream = true,
  } }

  local run = run_script("zendesk.lua", { env = { ZENDESK_CLIENT_ID = "planhat", ZENDESK_CLIENT_SECRET = "a-secret-for-tests" } })

  expect(run.error).to_be_nil()
  expect(planhat.ticket.get_list()[1].title).to_be("Export fails")
end)
]],
}

local M = {}

--- Makes Planhat's records agree with Zendesk's, and returns what was done, by stream. The first run reads everything, later ones what changed.
---@param options { settings: table, streams: string[]?, companies: string?, csat: table?, map: table?, match: string?, back: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? } `settings`: `subdomain`, the first part of your Zendesk's address, and optionally `rate` and `page`, the rates of your plan and the size of pages; `streams`: `organizations`, `users`, `tickets`, `satisfaction`, default all but `satisfaction`; `companies`: what finds the company of users and tickets: `organizations` that this connector brings, the `external_id` of the organization, which is a company's `externalId`, or `domains` of e-mail addresses, default `organizations`; `csat`: custom fields of end users that get their latest rating, in place of NPS answers, such as `{ score = "custom.CSAT", comment = "custom.CSAT comment", date = "custom.CSAT date" }`; `map`: changes to the map of each stream; `back`: fields of organizations by the properties of Planhat that they get, such as `{ organizations = { planhat_health = "h" } }`; `match`: `key` to find companies and people of Planhat only by their keys, default `all`: also by domains and e-mail addresses; `missing`: `report`, `archive` or `delete` what Zendesk no longer has, default `report`; `max_missing`: the share of records above which a complete pass removes nothing, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the Zendesk account, if you use several.
---@return table<string, table>
function M.sync(options)
  options = options or {}
  local settings, own = O.with_address("Zendesk", options, "subdomain", "zendesk.com"), O.by_companies("Zendesk", options, ways, "organizations")
  own.settings = {}
  for name, value in pairs(settings) do own.settings[name] = value end
  own.settings.rate = {}
  for _, rates in ipairs{ zendesk.options.rate, settings.rate or {} } do
    for class, rate in pairs(rates) do own.settings.rate[class] = rate end
  end
  csat.choose(zendesk, own)
  zendesk.account, zendesk.writes, zendesk.missing = options.account or settings.subdomain, options.back ~= nil, options.missing
  own.account = zendesk.account
  return zendesk:sync(own)
end

return M
