--- Brings HubSpot's companies, contacts, deals and tickets to Planhat: `local hubspot = require "connectors.hubspot"`.
---
--- Set HUBSPOT_TOKEN to a service key with the scopes crm.objects.companies.read, crm.objects.contacts.read,
--- crm.objects.deals.read, tickets and crm.objects.owners.read. Or set HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET to those of an app
--- with these scopes, which a person then installs in a browser, and HUBSPOT_REFRESH_TOKEN if you have installed it another way.
local _, _, host = ...
local C, A, F = require "connector", require "connector.auth", require "connector.fields"
local connecting, pages = require "connectors.hubspot.connecting", require "connector.pages"
local digits = require("connector.back").digits

host.reach("api.hubapi.com")

local app = { token_url = "/oauth/{version}/token", client_id = "HUBSPOT_CLIENT_ID", client_secret = "HUBSPOT_CLIENT_SECRET" }

local by_refresh_token = connecting.way(app, { refresh_token = "HUBSPOT_REFRESH_TOKEN" }, host)
local in_browser = connecting.way(app, {
  authorize_url = "{authorize_url}", redirect = connecting.redirect, scopes = connecting.scopes, params = { optional_scope = "{optional_scope}" },
}, host)

local hubspot = C.new{
  name = "hubspot", title = "HubSpot", base = "https://api.hubapi.com", version = "2026-09", sunset = "2028-03-31",
  authorize_url = "https://app.hubspot.com/oauth/authorize", optional_scope = "",
  auth = A.either(C.bearer("HUBSPOT_TOKEN", host.credential), function(conn)
    if conn.settings.base then conn.settings.authorize_url = "/oauth/authorize" end
    if host.credential("HUBSPOT_REFRESH_TOKEN") then return by_refresh_token(conn) end
    return in_browser(conn)
  end),
  rate = { "100/10s", search = "4/1s" },
  daily = function(body) return body.policyName == "DAILY" end,
}

hubspot.labels = {} -- of companies, by stream

local objects = "/crm/objects/{version}/"

hubspot:lookup("owners", { get = "/crm/owners/{version}", query = { limit = 100 }, items = "results", next = "paging.next.after", send = "after", key = "id", value = "email" })

-- Pipelines and their stages have ids; people know them by their labels.
for _, kind in ipairs{ "deals", "tickets" } do
  local pipelines = "/crm/pipelines/{version}/" .. kind
  hubspot:lookup(kind .. " stages", { get = pipelines, items = "results", inside = "stages", key = "id", value = "label" })
  hubspot:lookup(kind .. " states", { get = pipelines, items = "results", inside = "stages", key = "id", value = function(stage)
    local of = stage.metadata
    if of.isClosed ~= "true" then return "active" end
    return tonumber(of.probability) == 1 and "won" or "lost"
  end })
end

-- The properties that a stream's map reads, each once.
local function properties(stream, more)
  local names, known = {}, {}
  local function add(name)
    if name and not known[name] then
      known[name] = true
      names[#names + 1] = name
    end
  end
  for _, path in ipairs(stream.paths) do add(path:match("^properties%.(.+)$")) end
  add(more)
  return names
end

-- Splits a list into parts of at most so many.
local function chunks(list, most)
  local parts = {}
  for i = 1, #list, most do parts[#parts + 1] = json.array{ unpack(list, i, math.min(#list, i + most - 1)) } end
  return parts
end

-- Reads the associations of records on all pages, and returns the ids of the others by theirs, the one with the chosen label first, then the primary one.
-- Those that HubSpot neither returns nor names as without associations are asked for once more, and then left out.
local function associated(conn, kind, other, ids, chosen)
  local found, primary, labelled, answered, once = {}, {}, {}, {}, pages.guard(conn.title, ("the %s of %s"):format(other, kind))
  local waiting = {}
  for _, id in ipairs(ids) do waiting[#waiting + 1] = { id = id } end
  for round = 1, 2 do
    while #waiting > 0 do
      local asked = waiting
      waiting = {}
      for _, inputs in ipairs(chunks(asked, 1000)) do
        local body = conn:call{ post = ("/crm/associations/{version}/%s/%s/batch/read"):format(kind, other), json = { inputs = inputs }, reads = true }
        for _, result in ipairs(body.results) do
          local id = result.from.id
          answered[id], found[id] = true, found[id] or {}
          for _, to in ipairs(result.to) do
            found[id][#found[id] + 1] = tostring(to.toObjectId)
            for _, label in ipairs(to.associationTypes or {}) do
              if label.label == "Primary" then primary[id] = tostring(to.toObjectId) end
              if label.label == chosen then labelled[id] = labelled[id] or tostring(to.toObjectId) end
            end
          end
          local following = F.at(result, "paging.next.after")
          if not F.is_empty(following) then
            once(id .. " " .. following)
            waiting[#waiting + 1] = { id = id, after = following }
          end
        end
        for _, err in ipairs(body.errors or {}) do
          for _, list in pairs(err.context or {}) do
            for _, id in ipairs(list) do answered[id] = true end
          end
        end
      end
    end
    for _, id in ipairs(ids) do
      if not answered[id] then waiting[#waiting + 1] = { id = id } end
    end
    if round == 2 and #waiting > 0 then
      log.warn(("HubSpot left out the %s of %d %s, such as %s, so they stay as they are"):format(other, #waiting, kind, waiting[1].id))
    end
  end
  for _, firsts in ipairs{ primary, labelled } do
    for id, first in pairs(firsts) do table.insert(found[id], 1, first) end
  end
  return found
end

-- Reads one property of objects, and returns the values by id.
local function values(conn, kind, property, ids)
  local found = {}
  for _, part in ipairs(chunks(ids, 100)) do
    local inputs = json.array{}
    for i, id in ipairs(part) do inputs[i] = { id = id } end
    local body = conn:call{ post = objects .. kind .. "/batch/read", json = { properties = json.array{ property }, propertiesWithHistory = json.array{}, inputs = inputs }, reads = true }
    for _, result in ipairs(body.results) do found[result.id] = result.properties[property] end
  end
  return found
end

-- Checks that an account has the label of the companies that was chosen for a kind of object.
local function check_label(kind)
  return function(conn)
    local chosen, names = hubspot.labels[kind], {}
    if not chosen then return end
    for _, one in ipairs(conn:call{ get = ("/crm/associations/{version}/%s/companies/labels"):format(kind) }.results) do
      if one.label == chosen then return end
      if not F.is_empty(one.label) then names[#names + 1] = ("%q"):format(one.label) end
    end
    table.sort(names)
    error(("HubSpot: no company of %s can have the label %q, which the option company_labels names; there are %s"):format(kind, chosen, table.concat(names, ", ")), 0)
  end
end

-- Finds the company of each record, the one with the chosen label, the primary one or else the first, and puts it into join.company. Tickets also get the
-- e-mail address of their contact and their company's domain.
local function join(kind)
  return function(conn, items)
    local ids, contacts, companies = {}, {}, {}
    for i, item in ipairs(items) do ids[i], item.join = item.id, {} end
    local of_company = associated(conn, kind, "companies", ids, hubspot.labels[kind])
    local of_contact = kind == "tickets" and associated(conn, kind, "contacts", ids) or {}
    for _, item in ipairs(items) do
      item.join.company = (of_company[item.id] or {})[1]
      item.join.contact = (of_contact[item.id] or {})[1]
      if item.join.contact then contacts[#contacts + 1] = item.join.contact end
      if item.join.company then companies[#companies + 1] = item.join.company end
    end
    if kind ~= "tickets" then return end
    local emails, domains = values(conn, "contacts", "email", contacts), values(conn, "companies", "domain", companies)
    for _, item in ipairs(items) do
      item.join.email, item.join.domain = emails[item.join.contact], domains[item.join.company]
    end
  end
end

-- Returns what HubSpot says of a property that is written.
local function writable(conn, kind, name)
  conn.described = conn.described or {}
  local at = kind .. " " .. name
  if conn.described[at] then return conn.described[at] end
  local ok, property = pcall(conn.call, conn, { get = ("/crm/properties/{version}/%s/%s"):format(kind, name) })
  if not ok then
    if type(property) ~= "table" or property.kind ~= "not_found" then error(property, 0) end
    error(("HubSpot: %s have no property %q, or the key may not see it; look up its internal name in HubSpot's settings, under Properties"):format(kind, name), 0)
  end
  local changes = property.modificationMetadata
  if property.calculated == true or type(changes) == "table" and changes.readOnlyValue == true then
    error(("HubSpot: the property %q of %s cannot be written, HubSpot computes it; choose another one"):format(name, kind), 0)
  end
  conn.described[at] = property
  return property
end

-- How Planhat's fields are written back to a kind of object.
local function writes(kind)
  return {
    batch = 100, owner = "hubspot_owner_id",
    check = function(conn, names) for name in pairs(names) do writable(conn, kind, name) end end,
    form = function(_, _, value)
      if type(value) == "number" then return digits(value) end
      if type(value) ~= "table" then return tostring(value) end
      local parts = {}
      for i, part in ipairs(value) do parts[i] = type(part) == "table" and json.encode(part) or tostring(part) end
      return table.concat(parts, ";") -- the form of a property with several checkboxes
    end,
    person = function(conn, field, email)
      if writable(conn, kind, field).referencedObjectType ~= "OWNER" then return email end
      if not conn.owner_ids then
        conn.owner_ids = {}
        conn:each({ get = "/crm/owners/{version}", query = { limit = 100 }, items = "results", next = "paging.next.after", send = "after" }, function(one)
          conn.owner_ids[tostring(one.email):lower()] = tostring(one.id)
        end)
      end
      local id = conn.owner_ids[email:lower()]
      if not id then return nil, ("HubSpot has no owner with the e-mail address %s"):format(email) end
      return id
    end,
    read = function(conn, ids, owned)
      local names, inputs, found = {}, {}, {}
      for name in pairs(owned) do names[#names + 1] = name end
      for i, id in ipairs(ids) do inputs[i] = { id = id } end
      local body = conn:call{ post = objects .. kind .. "/batch/read", json = { properties = json.array(names), propertiesWithHistory = json.array{}, inputs = json.array(inputs) }, reads = true }
      for _, result in ipairs(body.results) do found[result.id] = result.properties end
      return found
    end,
    write = function(conn, changes)
      local inputs = {}
      for i, change in ipairs(changes) do
        local values = {}
        for name, value in pairs(change.values) do values[name] = value == json.null and "" or value end
        inputs[i] = { id = change.id, properties = values }
      end
      local body, response = conn:call{ post = objects .. kind .. "/batch/update", json = { inputs = json.array(inputs) }, repeatable = true }
      local failed = {}
      if response.status == 207 then
        for _, err in ipairs(body.errors or {}) do
          for _, id in ipairs(err.context and err.context.ids or {}) do failed[id] = err.message end
        end
      end
      return failed
    end,
  }
end

-- How many pages of archived records a run reads at most.
local archived_pages = 20

-- Returns the keys of records that were archived since they were last looked for. Archiving does not touch the time of the
-- last change, and the archived records are listed by id, so a run reads some pages, and the next run the following ones.
local function archived(kind, prefix)
  return function(conn, _, position, options)
    local action = options.missing or "report"
    if not position or position.action ~= action then position = { action = action, since = "", latest = "" } end
    local keys, token, once = {}, position.token, pages.guard(conn.title, "archived " .. kind)
    for _ = 1, archived_pages do
      once(token)
      local page = conn:page({ get = objects .. kind, query = { limit = 100, archived = true }, items = "results", next = "paging.next.after", send = "after", limit = "limit" }, token)
      for _, item in ipairs(page.items) do
        local at = F.is_empty(item.archivedAt) and "" or item.archivedAt
        if at >= position.since then keys[#keys + 1] = prefix .. item.id end
        if at > position.latest then position.latest = at end
      end
      token = page.next
      if page.done then return keys, { action = action, since = position.latest, latest = position.latest } end
    end
    position.token = token
    return keys, position
  end
end

-- Returns what a property can be, if it is a list of options, such as the stages of pipelines.
local function choices(kind)
  return function(conn, path)
    local name = path:match("^properties%.(.+)$")
    local property = name and conn:call{ get = ("/crm/properties/{version}/%s/%s"):format(kind, name) }
    if not property or property.type ~= "enumeration" or property.externalOptions == true then return nil end
    local values = {}
    for _, option in ipairs(property.options) do values[option.value] = true end
    return values
  end
end

local function object(kind, spec)
  spec.back, spec.choices = writes(kind), choices(kind)
  local modified = spec.modified
  spec.dense = true -- a response has each property that was asked for
  spec.cursor = C.window{ format = "ms" }
  spec.scan = function(stream)
    return { get = objects .. kind, query = { limit = 100, properties = table.concat(properties(stream, modified), ",") },
      items = "results", next = "paging.next.after", send = "after", limit = "limit" }
  end
  spec.delta = function(stream, window)
    return { post = objects .. kind .. "/search", class = "search", items = "results", next = "paging.next.after", limit = "limit",
      json = { limit = 200, properties = json.array(properties(stream, modified)),
        sorts = json.array{ { propertyName = "hs_object_id", direction = "ASCENDING" } },
        filterGroups = json.array{ { filters = json.array{
          { propertyName = modified, operator = "BETWEEN", value = window.from, highValue = window.to },
          { propertyName = "hs_object_id", operator = "GT", value = window.last or "0" },
        } } } } }
  end
  spec.gone = archived(kind, spec.prefix or "")
  if kind ~= "companies" then
    spec.check, spec.takes = check_label(kind), function(conn) return conn.labels[kind] end
  end
  hubspot:stream(kind, spec)
end

local owner = F.keep(F.user(F.via("owners", "properties.hubspot_owner_id")))

object("companies", { into = "company",
  permissions = { "crm.objects.companies.read", "crm.objects.owners.read" }, back_permissions = { "crm.objects.companies.write" },
  modified = "hs_lastmodifieddate", map = {
  sourceId = "id",
  name = F.required("properties.name", "the company has no name"),
  domains = F.domains("properties.domain", "properties.hs_additional_domains"),
  country = "properties.country",
  description = "properties.description",
  owner = owner,
  status = F.keep(F.enum("properties.lifecyclestage", { customer = "customer", opportunity = "prospect", salesqualifiedlead = "prospect", marketingqualifiedlead = "prospect", lead = "prospect", subscriber = "prospect" })),
} })

object("contacts", { into = "enduser",
  permissions = { "crm.objects.contacts.read", "crm.objects.companies.read" }, back_permissions = { "crm.objects.contacts.write" },
  modified = "lastmodifieddate", after = "companies", prepare = join("contacts"), map = {
  sourceId = "id",
  email = F.keep("properties.email"),
  firstName = "properties.firstname",
  lastName = "properties.lastname",
  position = "properties.jobtitle",
  phone = "properties.phone",
  companyId = F.ref("company", "join.company"),
} })

object("deals", { into = "opportunity",
  permissions = { "crm.objects.deals.read", "crm.objects.companies.read", "crm.objects.owners.read" }, back_permissions = { "crm.objects.deals.write" },
  key = "externalId", prefix = "hubspot-", modified = "hs_lastmodifieddate", after = "companies", prepare = join("deals"), map = {
  externalId = "id",
  title = "properties.dealname",
  companyId = F.required(F.ref("company", "join.company"), "the deal has no company"),
  salesStage = F.via("deals stages", "properties.dealstage"),
  status = F.default(F.via("deals states", "properties.dealstage"), "active"),
  closeDate = F.date("properties.closedate"),
  nrr = F.number("properties.amount"),
  _currency = F.keep("properties.deal_currency_code"),
  ownerId = owner,
} })

-- The domains by which Planhat finds the company of a ticket: its company's, or else that of the e-mail address.
local function domains(ticket)
  local domain = ticket.join.domain
  if F.is_empty(domain) then domain = (ticket.join.email or ""):match("@(.+)$") end
  return json.array{ domain }
end

object("tickets", { into = "ticket",
  permissions = { "tickets", "crm.objects.companies.read", "crm.objects.contacts.read" },
  modified = "hs_lastmodifieddate", after = "contacts", prepare = join("tickets"), map = {
  sourceId = "id",
  source = F.constant("hubspot"),
  email = F.required("join.email", "the ticket has no contact with an e-mail address"),
  domains = F.about("the domain of its company, or else of the contact's e-mail address", domains),
  title = "properties.subject",
  description = "properties.content",
  status = F.via("tickets stages", "properties.hs_pipeline_stage"),
  severity = "properties.hs_ticket_priority",
} })

connecting.add(hubspot)

local M = {}

--- Makes Planhat's records agree with HubSpot's, and returns what was done, by stream. The first run reads everything, later ones what changed.
--- Parameters of the run, such as `--param full=true`, replace the options `full`, `since`, `only`, `streams`, `minutes`, `missing` and `max_missing`.
---@param options { streams: string[]?, map: table?, match: string?, filter: table?, read: table?, back: table?, company_labels: table?, missing: string?, max_missing: number?, full: boolean?, since: string?, start: string?, only: string[]?, minutes: number?, batch: number?, account: string?, settings: table? }? `streams`: `companies`, `contacts`, `deals`, `tickets`, default all; `map`: changes to the map of each stream; `filter`: functions that report whether to take an item, by stream; `read`: lists of paths that such functions need, by stream; `back`: HubSpot's fields by the properties of Planhat that they get, by stream, such as `{ companies = { planhat_health = "h" } }`, or `{ companies = { description = { "description", owner = "planhat" } } }` for a field that is read as well; `company_labels`: which company of a contact, deal or ticket counts if it has several, by stream, such as `{ contacts = "Billing" }`: the one with this label, or else the primary one; `match`: `key` to find companies and people of Planhat only by their keys, default `all`: also by domains and e-mail addresses; `missing`: `report`, `archive` or `delete` what HubSpot no longer has, default `report`; `max_missing`: the share of records above which nothing is removed, default 0.05; `full`: read everything; `since`: read again what changed since a date; `start`: the date from which the first run reads; `only`: read only these properties, of records that Planhat has; `batch`: how many records to send at once, default 1000; `minutes`: how long to read at most; `account`: a name for the HubSpot account, if you use several.
---@return table<string, table>
function M.sync(options)
  local own = {}
  for name, value in pairs(options or {}) do own[name] = value end
  hubspot.labels, own.company_labels = own.company_labels or {}, nil
  if type(hubspot.labels) ~= "table" then error("HubSpot: company_labels takes labels by stream, such as { contacts = \"Billing\" }", 2) end
  for name, label in pairs(hubspot.labels) do
    if not (name == "contacts" or name == "deals" or name == "tickets") or type(label) ~= "string" then
      error(("HubSpot: company_labels takes labels by stream, such as { contacts = \"Billing\" }, for contacts, deals and tickets, not %s = %s"):format(tostring(name), tostring(label)), 2)
    end
  end
  return hubspot:sync(own)
end

return M
