--- Brings Productboard's features and notes to Planhat as issues, linked to the companies that ask for them:
--- `local productboard = require "connectors.productboard"`.
---
--- Set PRODUCTBOARD_TOKEN to an API token of Productboard's public API.
local _, _, host = ...
local C, F = require "connector", require "connector.fields"
local setup = require "connector.setup"

host.reach("api.productboard.com")

local productboard = C.new{
  name = "productboard", title = "Productboard", base = "https://api.productboard.com", version = "v2",
  auth = C.bearer("PRODUCTBOARD_TOKEN", host.credential),
  rate = { "50/1s" },
}

-- Returns the cursor in the address of the next page. The address itself is not used, because
-- it says which host gets the token.
local function next_cursor(body)
  local address = F.at(body, "links.next")
  if F.is_empty(address) then return nil end
  local cursor = tostring(address):match("[?&]pageCursor=([^&#]+)")
  if not cursor then error("Productboard: the address of the next page has no pageCursor, so the pages after it cannot be read", 0) end
  return (cursor:gsub("+", " "):gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end))
end

-- Returns a request for a page of a list.
local function listed(path, query)
  return { get = "/v2/" .. path, query = query, items = "data", next = next_cursor, send = "pageCursor" }
end

-- What a run has read of companies, users and notes.
local run

-- Returns the relationships of a record: those that it has, on all pages, or else those of a request for themselves.
local function relationships(conn, item, path)
  local all, has = {}, item.relationships
  local first = not (F.is_empty(has) or F.is_empty(has.data)) and { items = has.data, next = next_cursor(has) } or nil
  conn:each(listed(("%s/%s/relationships"):format(path, item.id), {}), function(one) all[#all + 1] = one end, first)
  return all
end

-- Reads an entity, or returns false if it was deleted.
local function single(conn, id)
  local ok, body = pcall(conn.call, conn, { get = "/v2/entities/" .. id, reads = true })
  if ok then return body.data end
  if type(body) == "table" and body.kind == "not_found" then return false end
  error(body, 0)
end

-- Lists of companies have the domain under a key that differs between workspaces. A single company has it as domain,
-- which tells the key.
local function domain_key(conn, companies)
  local tried = 0
  for id, listed_as in pairs(companies) do
    if listed_as and F.is_empty(listed_as.fields.domain) and tried < 10 then
      tried = tried + 1
      local alone = single(conn, id)
      local domain = alone and alone.fields.domain
      for key, value in pairs(F.is_empty(domain) and {} or listed_as.fields) do
        if value == domain then return key end
      end
    end
  end
end

-- Reads the entities of a kind that are not known yet: one by one if they are few, and otherwise all of that kind.
local function learn(conn, kind, ids)
  local known, missing = run[kind], {}
  for id in pairs(ids) do
    if known[id] == nil then missing[#missing + 1] = id end
  end
  if #missing > 0 and not run.whole[kind] and run.asked[kind] + #missing > 20 then
    run.whole[kind] = true
    conn:each(listed("entities", { ["type[]"] = json.array{ kind } }), function(item) known[item.id] = known[item.id] or item end)
    if kind == "company" then
      local key = domain_key(conn, known)
      for _, company in pairs(known) do
        if key and company and F.is_empty(company.fields.domain) then company.fields.domain = company.fields[key] end
      end
    end
  end
  for _, id in ipairs(missing) do
    if known[id] == nil then
      run.asked[kind] = run.asked[kind] + 1
      known[id] = single(conn, id)
    end
  end
end

-- Returns the company that a user belongs to.
local function parent(user)
  for _, one in ipairs(F.is_empty(user.relationships) and {} or user.relationships.data) do
    if one.type == "parent" and one.target.type == "company" then return one.target.id end
  end
end

-- Returns what finds the companies of customers: lists of customers by the keys of lists of their ids.
local function customers_of(conn, lists)
  local users, companies = {}, {}
  for _, targets in pairs(lists) do
    for id, kind in pairs(targets) do
      if kind == "user" then users[id] = true elseif kind == "company" then companies[id] = true end
    end
  end
  learn(conn, "user", users)
  for id in pairs(users) do
    local company = run.user[id] and parent(run.user[id])
    if company then companies[company] = true end
  end
  learn(conn, "company", companies)
  local found = {}
  for key, targets in pairs(lists) do
    found[key] = {}
    for id, kind in pairs(targets) do
      local user = kind == "user" and run.user[id]
      local company = run.company[user and parent(user) or id]
      local email = user and tostring(user.fields.email or "") or ""
      local one = { domain = email:match("@([^@%s]+)$"), name = user and email or id }
      if company then
        one.key, one.name = F.at(company, "metadata.source.recordId"), company.fields.name
        if not F.is_empty(company.fields.domain) then one.domain = company.fields.domain end
      end
      if user or company then table.insert(found[key], one) end
    end
  end
  return found
end

-- Returns the customers of a note, by their ids, and the entities that it is linked to.
local function about(conn, note)
  local customers, linked = {}, {}
  for _, one in ipairs(relationships(conn, note, "notes")) do
    if one.type == "customer" then customers[one.target.id] = one.target.type elseif one.type == "link" then linked[#linked + 1] = one.target.id end
  end
  return customers, linked
end

-- Reads all notes once, and returns the customers of those that are linked to each feature.
local function asked_for(conn)
  if run.linked then return run.linked end
  run.linked = {}
  for _, archived in ipairs{ "false", "true" } do
    conn:each(listed("notes", { archived = archived, createdTo = time.format(conn:now() + 60) }), function(note)
      local customers, linked = about(conn, note)
      for _, feature in ipairs(linked) do
        run.linked[feature] = run.linked[feature] or {}
        for id, kind in pairs(customers) do run.linked[feature][id] = kind end
      end
    end)
  end
  return run.linked
end

-- Returns whether a map reads a property.
local function maps(stream, property)
  for _, name in ipairs(stream.fields) do
    if name == property then return true end
  end
  return false
end

local function flag(name)
  return F.about("`" .. name .. "`", function(item)
    local value = F.at(item, "fields." .. name)
    if type(value) == "boolean" then return value end
  end)
end

-- Returns the text of a field, which is HTML, or a table with it, or a list of messages.
local function prose(name)
  return F.text(F.about("`" .. name .. "`", function(item)
    local value = F.at(item, "fields." .. name)
    if value == F.absent then return nil end
    if F.is_empty(value) then return json.null end
    if type(value) ~= "table" then return value end
    if value.value ~= nil then return value.value end
    local parts = {}
    for _, message in ipairs(value) do parts[#parts + 1] = tostring(type(message) == "table" and message.content or message) end
    return table.concat(parts, "<br>")
  end))
end

productboard:stream("features", { into = "issue", permissions = { "read entities", "read notes", "read companies", "read users" }, prefix = "pb-feature-",
  scan = function() return listed("entities", { ["type[]"] = json.array{ "feature", "subfeature" } }) end,
  prepare = function(conn, items, stream)
    local lists = {}
    local linked = maps(stream, "companyIds") and asked_for(conn) or {}
    for _, item in ipairs(items) do lists[item.id] = linked[item.id] or {} end
    local customers = customers_of(conn, lists)
    for _, item in ipairs(items) do item.join = { customers = customers[item.id] } end
  end,
  map = {
    sourceId = "id",
    source = F.constant("productboard"),
    sourceUrl = "links.html",
    title = F.required("fields.name", "the feature has no name, and Planhat needs one"),
    description = prose("description"),
    status = "fields.status.name",
    archived = flag("archived"),
    companyIds = F.companies("join.customers"),
  } })

-- Archived notes are listed apart from the others.
productboard:stream("notes", { into = "issue", permissions = { "read notes", "read companies", "read users" }, prefix = "pb-note-", cursor = C.since{ format = "iso", overlap = 60 },
  parts = function() return { { id = "open", archived = "false" }, { id = "archived", archived = "true" } } end,
  scan = function(_, _, _, part) return listed("notes", { archived = part.archived }) end,
  delta = function(_, since, part) return listed("notes", { archived = part.archived, updatedFrom = since }) end,
  dense = true,
  prepare = function(conn, items, stream)
    local lists = {}
    for _, item in ipairs(maps(stream, "companyIds") and items or {}) do lists[item.id] = about(conn, item) end
    local customers = customers_of(conn, lists)
    for _, item in ipairs(items) do item.join = { customers = customers[item.id] or {} } end
  end,
  map = {
    sourceId = "id",
    source = F.constant("productboard"),
    -- Version 2 of the API does not promise this address for notes.
    sourceUrl = F.about("`links.html`, if the note has it", function(item)
      local address = F.at(item, "links.html")
      if not F.is_empty(address) then return address end
    end),
    title = F.required("fields.name", "the note has no title, and Planhat needs one"),
    description = prose("content"),
    status = F.about("`processed` or `unprocessed`", function(item)
      local done = F.at(item, "fields.processed")
      if type(done) == "boolean" then return done and "processed" or "unprocessed" end
    end),
    archived = flag("archived"),
    companyIds = F.companies("join.customers"),
  } })

-- Forgets what was read of companies, users and notes.
local function reset()
  run = { user = {}, company = {}, whole = {}, asked = { user = 0, company = 0 } }
end

reset()

setup.add{
  name = "productboard", title = "Productboard", connection = productboard,
  steps = {
    "In Productboard, as an admin, open Workspace settings, Integrations, Public APIs.",
    "Under Access Token, add a token, and copy it. Productboard shows it once.",
  },
  credentials = { { name = "PRODUCTBOARD_TOKEN", what = "the access token" } },
  brings = "Brings Productboard's features and notes to Planhat as issues.", schedule = "45 2 * * *", archives = true,
  test = [[
local http = require "http"

it("brings features to Planhat", function()
  simulator.seed("company", { { externalId = "north", name = "Northwind", domains = { "northwind.example" } } })
  local api = "https://api.productboard.com/v2/"
  http.stub{ url = api .. "entities", json = { data = { { id = "f-1", type = "feature", links = { html = "https://acme.productboard.com/f-1" },
    fields = { name = "Faster export", description = "<p>Stream it</p>", status = { name = "Planned" }, archived = false } } }, links = { next = json.null } } }
  http.stub{ url = api .. "entities/c-1", json = { data = { id = "c-1", type = "company", fields = { name = "Northwind", domain = "northwind.example" } } } }
  http.stub{ url = api .. "notes", json = { links = { next = json.null }, data = { {
    id = "n-1", type = "textNote", links = { html = "https://acme.productboard.com/n-1" }, fields = { name = "Export is slow", content = "<p>Hours!</p>", processed = true, archived = false },
    relationships = { data = { { type = "customer", target = { id = "c-1", type = "company" } }, { type = "link", target = { id = "f-1", type = "feature" } } } } } } } }

  local run = run_script("productboard.lua", { env = { PRODUCTBOARD_TOKEN = "a-token-for-tests" } })

  expect(run.error).to_be_nil()
  local feature = planhat.issue.get_by_id("srcid-pb-feature-f-1")
  expect(feature.title).to_be("Faster export")
  expect(#feature.companyIds).to_be(1)
end)
]],
}

local M = {}

--- Makes Planhat's issues agree with Productboard's features and notes, and returns what was done, by stream. Features are all read in each run; of notes,
--- the first run reads all, and later ones what changed.
---@param options { settings: table?, streams: string[]?, map: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? }? `settings`: `rate`, how many requests to send at most; `streams`: `features`, `notes`, default both; `map`: changes to the map of each stream; `missing`: `report`, `archive` or `delete` what Productboard no longer has, default `report`; `max_missing`: the share of records above which a complete pass removes nothing, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the workspace, if you use several.
---@return table<string, table>
function M.sync(options)
  reset()
  return productboard:sync(options)
end

return M
