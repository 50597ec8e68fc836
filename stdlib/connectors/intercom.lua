--- Brings Intercom's companies, contacts and conversations to Planhat: `local intercom = require "connectors.intercom"`.
---
--- Set INTERCOM_TOKEN to the access token of an app that may read contacts, companies, conversations and admins.
local _, _, host = ...
local C, F, html = require "connector", require "connector.fields", require "html"

host.reach("*.intercom.io")

-- What begins the ids in Planhat.
local prefix = "ic-"

local intercom = C.new{
  name = "intercom", title = "Intercom", base = "https://{host}", version = "2.16",
  auth = C.bearer("INTERCOM_TOKEN", host.credential), rate = { "1600/10s" },
  headers = { ["Intercom-Version"] = "2.16", Accept = "application/json" },
}

local hosts = { us = "api.intercom.io", eu = "api.eu.intercom.io", au = "api.au.intercom.io" }

-- Intercom escapes names, and writes messages as HTML.
local function plain(text) return not F.is_empty(text) and html.unescape(text) or json.null end
local function text_of(body) return not F.is_empty(body) and html.text(body) or json.null end

-- Returns a request for a page of a search.
local function search(kind, field, since)
  return { post = "/" .. kind .. "/search", items = kind == "contacts" and "data" or "conversations", send = "pagination",
    next = function(body)
      local after = F.at(body, "pages.next.starting_after")
      return not F.is_empty(after) and { per_page = 150, starting_after = after } or nil
    end,
    json = { query = { field = field, operator = ">", value = since }, sort = { field = field, order = "ascending" }, pagination = { per_page = 150 } } }
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
  end
  intercom:stream(kind, spec)
end

-- How often a complete pass begins again because its scroll was lost.
local most_scrolls = 5

-- Reads companies by the one scroll that Intercom lets an app have. It moves with each request, so a page that is lost
-- cannot be asked for again: the scroll begins anew, when Intercom has forgotten the lost one.
local function by_scroll(stream, conn)
  local began = 0
  local function read(param)
    return conn:page{ get = "/companies/scroll", query = { scroll_param = param }, items = "data", next = "scroll_param", repeatable = false }
  end
  local function first()
    for try = 1, 4 do
      began = began + 1
      local ok, page = pcall(read, nil)
      if ok then return page end
      local taken = type(page) == "table" and tostring(page.body):find("scroll_exists", 1, true)
      if try == 4 or type(page) ~= "table" or not (taken or page.retryable) then error(page, 0) end
      log.info("Intercom companies: another scroll is open; waiting for its end")
      time.sleep(61)
    end
  end
  stream.scan = function(position)
    local number, ok, page = position and position.number or 0, false, nil
    if position then
      ok, page = pcall(read, position.scroll)
      if not ok then
        local lost = type(page) == "table" and (page.status == 404 or page.status == 500 or page.kind == "network" or page.kind == "timeout")
        if not lost or began >= most_scrolls then error(page, 0) end
        log.info("Intercom companies: the scroll was lost; companies are read again from the start")
      end
    end
    if not ok then page = first() end
    page.done = #page.items == 0
    page.next = { scroll = page.next, number = number + 1 }
    return page
  end
end

intercom:stream("companies", { into = "company", cursor = by_scroll,
  scan = function() return { get = "/companies/scroll", items = "data" } end,
  map = {
    sourceId = function(item) return not F.is_empty(item.id) and prefix .. item.id or nil end,
    name = F.required(F.compute({ "name" }, plain), "the company has no name"),
    domains = function(item) return not F.is_empty(item.website) and F.domains("website").value(item) or nil end,
  } })

searched("contacts", 36 * 3600, { into = "enduser", after = "companies",
  prepare = function(_, items)
    for _, item in ipairs(items) do item.join = { company = F.at(item, "companies.data.1.id") } end
  end,
  map = {
    sourceId = "id",
    email = F.keep("email"),
    name = F.compute({ "name" }, plain),
    phone = "phone",
    companyId = F.ref("company", "join.company", prefix),
  } })

intercom:lookup("admins", { get = "/admins", items = "admins", key = "id", value = "email" })

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

searched("conversations", 0, { into = "ticket", after = "contacts",
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
      item.join = {
        email = not F.is_empty(person.email) and person.email or contact.email, name = plain(not F.is_empty(person.name) and person.name or contact.name),
        company = not F.is_empty(company) and company or F.at(contact, "companies.data.1.id"),
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
    domains = function(item) return F.is_empty(item.join.company) and item.join.domain and json.array{ item.join.domain:lower() } or nil end,
    title = function(item)
      for _, value in ipairs{ item.title or "", F.at(item, "source.subject"), F.at(item, "source.body") } do
        local text = text_of(value)
        if not F.is_empty(text) then return (text:match("[^\n]+")) end
      end
      return "Conversation"
    end,
    description = function(item) return text_of(F.at(item, "source.body")) end,
    status = "state",
    createdAt = F.date("created_at"),
  } })

local M = {}

--- Makes Planhat's records agree with Intercom's, and returns what was done, by stream.
---@param options table? As those of `connectors.zendesk`, apart from `companies` and `back`; `settings`: `region`: `us`, `eu` or `au`, default `us`.
---@return table<string, table>
function M.sync(options)
  local given = {}
  for name, value in pairs(options or {}) do given[name] = value end
  local settings = {}
  for name, value in pairs(given.settings or {}) do settings[name] = value end
  settings.host = hosts[settings.region or "us"]
  if not settings.host then error(("Intercom: settings.region must be \"us\", \"eu\" or \"au\", not %q"):format(tostring(settings.region)), 2) end
  given.settings = settings
  return intercom:sync(given)
end

return M
