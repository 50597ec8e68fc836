--- Brings Intercom's companies, contacts and conversations to Planhat: `local intercom = require "connectors.intercom"`.
---
--- Set INTERCOM_TOKEN to the access token of an app that may read contacts, companies, conversations and admins.
local _, _, host = ...
local C, F, html, state = require "connector", require "connector.fields", require "html", require "state"
local O, pages, setup = require "connector.options", require "connector.pages", require "connector.setup"

local hosts = { ["api.intercom.io"] = true, ["api.eu.intercom.io"] = true, ["api.au.intercom.io"] = true }
for name in pairs(hosts) do host.reach(name) end

-- What begins the ids in Planhat.
local prefix = "ic-"

local intercom = C.new{
  name = "intercom", title = "Intercom", base = "https://{host}", host = "api.intercom.io", version = "2.16",
  auth = C.bearer("INTERCOM_TOKEN", host.credential), rate = { "160/10s" },
  headers = { ["Intercom-Version"] = "2.16", Accept = "application/json" },
}

-- Intercom escapes names, and writes messages as HTML.
local function plain(text) return not F.is_empty(text) and html.unescape(text) or json.null end
local function text_of(body) return not F.is_empty(body) and html.text(body) or json.null end

-- Returns a request for a page of a search.
local function search(kind, field, since)
  return { post = "/" .. kind .. "/search", items = kind == "contacts" and "data" or "conversations", next = "pages.next.starting_after", limit = "pagination.per_page",
    send = function(request, token) request.json.pagination.starting_after = token end,
    json = { query = { field = field, operator = ">", value = since }, sort = { field = field, order = "ascending" }, pagination = { per_page = 150 } } }
end

-- Puts the custom attributes that the map reads, such as join.attribute.seats, into join.attribute. Intercom leaves out those without a value.
local function take_attributes(conn, kind, items, stream)
  local wanted = {}
  for _, path in ipairs(stream.paths) do wanted[#wanted + 1] = path:match("^join%.attribute%.(.+)$") end
  if #wanted > 0 and not stream.attributes then
    stream.attributes = {}
    for _, one in ipairs(conn:call{ get = "/data_attributes", query = { model = kind:sub(1, -2) } }.data) do stream.attributes[one.name] = true end
    for _, name in ipairs(wanted) do
      if not stream.attributes[name] then error(("Intercom: %s have no custom attribute %q, which they are mapped from; look at its name in Intercom, under Settings, Data"):format(kind, name), 0) end
    end
  end
  for _, item in ipairs(items) do
    item.join.attribute = {}
    for _, name in ipairs(wanted) do
      local value = F.at(item, "custom_attributes." .. name)
      item.join.attribute[name] = value ~= F.absent and value or json.null
    end
  end
end

-- Declares a stream that is read by searches. With margin, the search compares days, so it
-- begins that many seconds earlier, and what is older is taken out.
local function searched(kind, margin, spec)
  local join = spec.prepare
  spec.prefix, spec.dense, spec.cursor = prefix, true, C.since{ format = "s", overlap = 900 }
  spec.scan = function(stream)
    stream.since = nil
    return search(kind, "created_at", 0)
  end
  spec.delta = function(stream, since)
    stream.since = tonumber(since)
    return search(kind, "updated_at", math.max(0, stream.since - 1 - margin))
  end
  spec.prepare = function(conn, items, stream)
    for i = #items, 1, -1 do
      if stream.since and (tonumber(items[i].updated_at) or math.huge) < stream.since then table.remove(items, i) end
    end
    join(conn, items)
    take_attributes(conn, kind, items, stream)
  end
  intercom:stream(kind, spec)
end

-- Reads a company by its id in Intercom, or returns nil if there is none.
local function company_by(conn, id)
  local ok, company = pcall(conn.call, conn, { get = "/companies/" .. id })
  if ok then return company end
  if type(company) ~= "table" or company.status ~= 404 then error(company, 0) end
end

-- Returns what finds Planhat's company for one of Intercom: its company_id, or else the domain of its website. Each is read once in a run.
local function customer_of(conn, id)
  if intercom.way ~= "company_id" or F.is_empty(id) then return json.null end
  if intercom.customers[id] == nil then
    local company = company_by(conn, id)
    intercom.customers[id] = company and { key = company.company_id, domain = company.website, name = company.name } or json.null
  end
  return intercom.customers[id]
end

-- How often a complete pass begins again because its scroll was lost.
local most_scrolls = 5

-- Reads companies by the one scroll that Intercom lets an app have. It moves with each request, so a page that is lost cannot be asked for again.
-- So the number of each page is stored before it is requested. If a run was killed before it handled that page, the next one reads the
-- scroll to its end, and then once more from the start.
local function by_scroll(stream, conn)
  local list, began = stream.scan, 0
  local function read(param, number)
    state.open("intercom scroll " .. intercom.account):set("requested", number)
    return conn:page{ get = "/companies/scroll", query = { scroll_param = param }, items = "data", next = "scroll_param", repeatable = false }
  end
  -- Begins a scroll. If one is open, or a request may have opened one, Intercom has forgotten it after a minute.
  local function first(number)
    for try = 1, 4 do
      began = began + 1
      local ok, page = pcall(read, nil, number)
      if ok then return page end
      local taken = type(page) == "table" and tostring(page.body):find("scroll_exists", 1, true)
      local lost = type(page) == "table" and page.retryable and (not page.status or page.status >= 500)
      if try == 4 or not (taken or lost) then error(page, 0) end
      log.info("Intercom companies: another scroll is open; waiting for its end")
      time.sleep(61)
    end
  end
  stream.scan = function(position)
    if stream.trial then return list() end
    position = position or { number = 0 }
    local number, page, ok, before = position.number + 1, nil, false, nil
    local again = position.again or state.open("intercom scroll " .. intercom.account):get("requested") ~= position.number
    if position.scroll then
      ok, page = pcall(read, position.scroll, number)
      if not ok then
        local lost = type(page) == "table" and (page.status == 404 or page.status == 500 or page.kind == "network" or page.kind == "timeout")
        if not lost or began >= most_scrolls then error(page, 0) end
        log.info("Intercom companies: the scroll was lost; companies are read again from the start")
      end
    end
    if ok and (#page.items > 0 or not again) then before = position.first else page, again = first(number), false end
    page.done = #page.items == 0
    local id = not page.done and page.items[1].id or nil
    if id and id == before then error("Intercom companies: the scroll returned the same page twice, so reading it would never end", 0) end
    page.next = { scroll = page.next, number = number, first = id, again = again }
    return page
  end
end

intercom:stream("companies", { into = "company", permissions = { "read companies" }, prefix = prefix, sparse = true, cursor = by_scroll,
  -- A trial reads the list, which has at most 10,000 companies, because its scroll would be open for a minute.
  scan = function() return { post = "/companies/list", query = { per_page = 50 }, items = "data" } end,
  -- Companies that have lost their last user are not listed.
  present = function(conn, ids)
    local there = {}
    for _, id in ipairs(ids) do there[id] = company_by(conn, id) ~= nil end
    return there
  end,
  map = {
    sourceId = "id",
    name = F.required(F.about("unescaped", F.compute({ "name" }, plain)), "the company has no name"),
    domains = F.keep(F.domains("website")),
  } })

-- Reads contacts by their ids, and returns them by id.
local function contacts_by(conn, ids)
  local found = {}
  for first = 1, #ids, 50 do
    local part = json.array{ unpack(ids, first, math.min(first + 49, #ids)) }
    local body = conn:call{ post = "/contacts/search", reads = true, json = { query = { field = "id", operator = "IN", value = part }, pagination = { per_page = 150 } } }
    for _, contact in ipairs(body.data) do found[contact.id] = contact end
  end
  return found
end

-- How many contacts of this run have neither an e-mail address nor a company.
local nobodies = 0

searched("contacts", 36 * 3600, { into = "enduser", permissions = { "read contacts", "read companies" }, after = "companies",
  -- A search can miss contacts that change between two pages.
  present = contacts_by,
  prepare = function(conn, items)
    for i = #items, 1, -1 do
      local item = items[i]
      local company = F.at(item, "companies.data.1.id")
      item.join = { company = company, customer = customer_of(conn, company) }
      if not F.is_empty(item.id) then item.sourceId = prefix .. item.id end -- which names it in reports, rather than its e-mail address
      -- Planhat cannot place such a contact: mostly visitors who wrote nothing yet.
      if F.is_empty(item.email) and (intercom.way == "domains" or F.is_empty(company)) then
        nobodies = nobodies + 1
        table.remove(items, i)
      end
    end
  end,
  map = {
    sourceId = "id",
    email = F.keep("email"),
    name = F.about("unescaped", F.compute({ "name" }, plain)),
    phone = "phone",
    companyId = F.ref("company", "join.company", prefix),
  } })

intercom:lookup("admins", { get = "/admins", items = "admins", key = "id", value = "email" })

-- Returns the conversations that were deleted since they were last looked for, which Intercom lists with the latest one first.
local function deleted(conn, _, position, options)
  local action = options.missing or "report"
  local since = position and position.action == action and position.since or 0
  local keys, latest, number, once = {}, since, 1, pages.guard(intercom.title, "deleted conversations")
  while true do
    local body = conn:call{ get = "/conversations/deleted", query = { page = number, per_page = 60, order = "desc" } }
    for _, item in ipairs(body.conversations) do
      if item.deleted_at < since then return keys, { action = action, since = latest } end
      keys[#keys + 1], latest = prefix .. tostring(item.id), math.max(latest, item.deleted_at)
    end
    if #body.conversations == 0 or number >= (tonumber(F.at(body, "pages.total_pages")) or 0) then return keys, { action = action, since = latest } end
    once(("%s to %s"):format(tostring(body.conversations[1].id), tostring(body.conversations[#body.conversations].id)))
    number = number + 1
  end
end

local function by_domain(item) return item.join.domain and json.array{ item.join.domain:lower() } or nil end

searched("conversations", 0, { gone = deleted, into = "ticket", permissions = { "read conversations", "read contacts", "read admins" }, after = "contacts",
  prepare = function(conn, items)
    local ids, asked = {}, {}
    for _, item in ipairs(items) do
      local id = F.at(item, "contacts.contacts.1.id")
      if not F.is_empty(id) and not asked[id] then
        asked[id], ids[#ids + 1] = true, id
      end
    end
    local contacts = contacts_by(conn, ids)
    for _, item in ipairs(items) do
      local contact = contacts[F.at(item, "contacts.contacts.1.id")] or {}
      local author = F.at(item, "source.author")
      local person = type(author) == "table" and (author.type == "user" or author.type == "lead" or author.type == "contact") and author or {}
      local company = F.at(item, "company.id")
      if F.is_empty(company) then company = F.at(contact, "companies.data.1.id") end
      item.join = {
        company = company, customer = customer_of(conn, company),
        email = not F.is_empty(person.email) and person.email or contact.email, name = plain(not F.is_empty(person.name) and person.name or contact.name),
        domain = tostring(not F.is_empty(person.email) and person.email or contact.email):match("@([^@%s]+)$"),
      }
    end
  end,
  map = {
    sourceId = "id",
    source = F.constant("intercom"),
    email = F.required("join.email", "nobody in the conversation has an e-mail address, and Planhat drops tickets without one"),
    name = "join.name",
    agentEmail = F.via("admins", "admin_assignee_id"),
    companyId = F.ref("company", "join.company", prefix),
    domains = F.about("without a company, the domain of the e-mail address", function(item) return F.is_empty(item.join.company) and by_domain(item) or nil end),
    title = F.about("the title, or else the subject or the first line", function(item)
      for _, value in ipairs{ item.title or "", F.at(item, "source.subject"), F.at(item, "source.body") } do
        local text = text_of(value)
        if not F.is_empty(text) then return (text:match("[^\n]+")) end
      end
      return "Conversation"
    end),
    description = F.text("source.body"),
    status = "state",
    createdAt = F.date("created_at"),
  } })

-- How contacts and conversations find their company, by the option `companies`.
local customer = F.company("join.customer")
local ways = {
  companies = {},
  company_id = { streams = { "contacts", "conversations" }, map = { contacts = { companyId = customer }, conversations = { companyId = customer, domains = by_domain } } },
  domains = { streams = { "contacts", "conversations" }, map = { contacts = { companyId = false }, conversations = { companyId = false, domains = by_domain } } },
}

setup.add{
  name = "intercom", title = "Intercom", connection = intercom,
  steps = {
    "In Intercom's Developer Hub (Settings, Integrations, Developer Hub), create an app for your workspace.",
    "Under Configure, Authentication, let it read companies, contacts (users and leads), conversations and admins.",
    "Copy the access token from there.",
  },
  credentials = { { name = "INTERCOM_TOKEN", what = "the access token" } },
  settings = { { name = "host", what = "api.intercom.io, or api.eu.intercom.io or api.au.intercom.io if your workspace is in Europe or Australia" } },
  brings = "Brings Intercom's companies, contacts and conversations to Planhat.", schedule = "0 3 * * *", archives = true,
  test = [[
local http = require "http"

it("brings companies to Planhat", function()
  local api = "https://api*.intercom.io/"
  http.stub{ url = api .. "contacts/search", json = { data = json.array{}, pages = { total_pages = 0 } } }
  http.stub{ url = api .. "conversations/search", json = { conversations = json.array{}, pages = { total_pages = 0 } } }
  http.stub{ url = api .. "conversations/deleted?*", json = { conversations = json.array{}, pages = { total_pages = 0 } } }
  http.stub{ url = api .. "companies/scroll", json = { scroll_param = "s", data = { { id = "c-1", name = "Northwind", website = "https://northwind.example" } } } }
  http.stub{ url = api .. "companies/scroll?scroll_param=s", json = { data = json.array{}, scroll_param = "s" } }

  local run = run_script("intercom.lua", { env = { INTERCOM_TOKEN = "a-token-for-tests" } })

  expect(run.error).to_be_nil()
  expect(planhat.company.get_by_id("srcid-ic-c-1").name).to_be("Northwind")
end)
]],
}

local M = {}

--- Makes Planhat's records agree with Intercom's, and returns what was done, by stream. Companies are all read in each run; of contacts and conversations,
--- the first run reads all, and later ones what changed.
---@param options { settings: table?, streams: string[]?, companies: string?, map: table?, match: string?, filter: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? }? `settings`: `host`, the address of your region: `api.intercom.io`, `api.eu.intercom.io` or `api.au.intercom.io`, default the first one, and `rate`, how many requests to send at most; `streams`: `companies`, `contacts`, `conversations`, default all, or without `companies` if these are in Planhat already; `companies`: what finds the company of contacts and conversations: `companies` that this connector brings, the `company_id` of Intercom's company, which is an `externalId` or `sourceId` in Planhat, or else its website, or `domains` of e-mail addresses, default `companies`; `map`: changes to the map of each stream; `filter`: functions that report whether to take an item, by stream; `match`: `key` to find companies and people of Planhat only by their keys, default `all`: also by domains and e-mail addresses; `missing`: `report`, `archive` or `delete` what Intercom no longer has, default `report`; `max_missing`: the share of records above which a complete pass removes nothing, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the workspace, if you use several.
---@return table<string, table>
function M.sync(options)
  local settings = options and options.settings or {}
  if settings.host and not hosts[settings.host] then
    error(("Intercom: settings.host must be api.intercom.io, api.eu.intercom.io or api.au.intercom.io, not %q"):format(tostring(settings.host)), 2)
  end
  local own = O.by_companies("Intercom", options, ways, "companies")
  nobodies, intercom.way, intercom.customers, intercom.account = 0, options and options.companies, {}, own.account or "default"
  local did = intercom:sync(own)
  if nobodies > 0 then log.info(("Intercom: %d contacts have neither an e-mail address nor a company, so they were left out"):format(nobodies)) end
  return did
end

return M
