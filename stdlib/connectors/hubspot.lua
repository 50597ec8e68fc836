--- Brings HubSpot's companies, contacts, deals and tickets to Planhat: `local hubspot = require "connectors.hubspot"`.
---
--- Set HUBSPOT_TOKEN to a service key with the scopes crm.objects.companies.read, crm.objects.contacts.read,
--- crm.objects.deals.read, tickets and crm.objects.owners.read. Or set HUBSPOT_CLIENT_ID, HUBSPOT_CLIENT_SECRET and
--- HUBSPOT_REFRESH_TOKEN to those of an app with these scopes that is installed in your account.
local _, _, host = ...
local C, A, F = require "connector", require "connector.auth", require "connector.fields"
local setup = require "connector.setup"

host.reach("api.hubapi.com")

local hubspot = C.new{
  name = "hubspot", title = "HubSpot", base = "https://api.hubapi.com", version = "2026-09", sunset = "2028-03-31",
  auth = A.either(C.bearer("HUBSPOT_TOKEN", host.credential), A.oauth2({
    token_url = "/oauth/{version}/token", client_id = "HUBSPOT_CLIENT_ID", client_secret = "HUBSPOT_CLIENT_SECRET", refresh_token = "HUBSPOT_REFRESH_TOKEN",
  }, host.credential)),
  rate = { "100/10s", search = "4/1s" },
}

local objects = "/crm/objects/{version}/"

hubspot:lookup("owners", { get = "/crm/owners/{version}", query = { limit = 100 }, items = "results", next = "paging.next.after", send = "after", key = "id", value = "email" })


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

-- Finds the company of each record, on all pages of the associations: the primary one, else the first.
local function join_companies(kind)
  return function(conn, items)
    local waiting, by_id = {}, {}
    for _, item in ipairs(items) do
      by_id[item.id] = item
      item.join = {}
      waiting[#waiting + 1] = { id = item.id }
    end
    while #waiting > 0 do
      local asked = {}
      for i = 1, math.min(#waiting, 1000) do asked[i] = table.remove(waiting) end
      local body = conn:call{ post = "/crm/associations/{version}/" .. kind .. "/companies/batch/read", json = { inputs = json.array(asked) }, reads = true }
      for _, result in ipairs(body.results) do
        local item = by_id[result.from.id]
        for _, to in ipairs(result.to) do
          local primary = false
          for _, label in ipairs(to.associationTypes or {}) do primary = primary or label.label == "Primary" end
          if primary or item.join.company == nil then item.join.company = tostring(to.toObjectId) end
          if primary then item.join.primary = item.join.company end
        end
        local following = result.paging and result.paging ~= json.null and result.paging.next
        if following and following ~= json.null then waiting[#waiting + 1] = { id = result.from.id, after = following.after } end
      end
    end
    for _, item in ipairs(items) do item.join.company = item.join.primary or item.join.company end
  end
end

-- How Planhat's fields are written back to a kind of object.
local function writes(kind)
  return {
    batch = 100,
    read = function(conn, ids, owned)
      local names, inputs, found = {}, {}, {}
      for name in pairs(owned) do names[#names + 1] = name end
      for i, id in ipairs(ids) do inputs[i] = { id = id } end
      local body = conn:call{ post = objects .. kind .. "/batch/read", json = { properties = json.array(names), inputs = json.array(inputs) }, reads = true }
      for _, result in ipairs(body.results) do found[result.id] = result.properties end
      return found
    end,
    write = function(conn, changes)
      local inputs = {}
      for i, change in ipairs(changes) do
        local values = {}
        for name, value in pairs(change.values) do values[name] = value == json.null and "" or tostring(value) end
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

local function object(kind, spec)
  spec.back = writes(kind)
  local modified = spec.modified
  spec.cursor = C.window{ format = "ms" }
  spec.scan = function(stream)
    return { get = objects .. kind, query = { limit = 100, properties = table.concat(properties(stream, modified), ",") },
      items = "results", next = "paging.next.after", send = "after" }
  end
  spec.delta = function(stream, window)
    return { post = objects .. kind .. "/search", class = "search", items = "results", next = "paging.next.after",
      json = { limit = 200, properties = json.array(properties(stream, modified)),
        sorts = json.array{ { propertyName = "hs_object_id", direction = "ASCENDING" } },
        filterGroups = json.array{ { filters = json.array{
          { propertyName = modified, operator = "BETWEEN", value = window.from, highValue = window.to },
          { propertyName = "hs_object_id", operator = "GT", value = window.last or "0" },
        } } } } }
  end
  -- Archiving does not touch the time of the last change, so archived records are listed in each run.
  spec.gone = function(conn, _, since)
    local keys, latest, token = {}, since or "", nil
    repeat
      local page = conn:page({ get = objects .. kind, query = { limit = 100, archived = true }, items = "results", next = "paging.next.after", send = "after" }, token)
      for _, item in ipairs(page.items) do
        keys[#keys + 1] = item.id
        if item.archivedAt and item.archivedAt ~= json.null and item.archivedAt > latest then latest = item.archivedAt end
      end
      token = page.next
    until page.done
    return keys, latest
  end
  hubspot:stream(kind, spec)
end

object("companies", { into = "company", modified = "hs_lastmodifieddate", map = {
  sourceId = "id",
  name = F.required("properties.name", "the company has no name"),
  domains = F.domains("properties.domain", "properties.hs_additional_domains"),
  country = "properties.country",
  description = "properties.description",
  owner = F.keep(F.user(F.via("owners", "properties.hubspot_owner_id"))),
  status = F.keep(F.enum("properties.lifecyclestage", { customer = "customer", opportunity = "prospect", salesqualifiedlead = "prospect", marketingqualifiedlead = "prospect", lead = "prospect", subscriber = "prospect" })),
} })

object("contacts", { into = "enduser", modified = "lastmodifieddate", after = "companies", prepare = join_companies("contacts"), map = {
  sourceId = "id",
  email = F.keep("properties.email"),
  firstName = "properties.firstname",
  lastName = "properties.lastname",
  position = "properties.jobtitle",
  phone = "properties.phone",
  companyId = F.ref("company", "join.company"),
} })

setup.add{
  name = "hubspot", title = "HubSpot", connection = hubspot,
  steps = {
    "In HubSpot, open Settings, Integrations, Service keys, and create a service key.",
    "Give it the scopes crm.objects.companies.read, crm.objects.contacts.read and crm.objects.owners.read. To write fields back, add crm.objects.companies.write and crm.objects.contacts.write.",
    "Copy the key.",
  },
  credentials = { { name = "HUBSPOT_TOKEN", what = "the service key" } },
  script = [[
-- Brings HubSpot's companies and contacts to Planhat.
-- @schedule "30 2 * * *"
local hubspot = require "connectors.hubspot"

hubspot.sync{
  missing = "report", -- what HubSpot no longer has: report, archive or delete
}
]],
  test = [[
local http = require "http"

it("brings companies to Planhat", function()
  local list = "https://api.hubapi.com/crm/objects/2026-09/"
  local company = { id = "17", properties = {
    name = "Northwind", domain = "northwind.example", hs_additional_domains = json.null, country = "Sweden", description = json.null,
    hubspot_owner_id = json.null, lifecyclestage = "customer",
  } }
  http.stub{ url = list .. "*", json = { results = json.array{} } }
  http.stub{ url = list .. "companies", json = { results = { company } } }
  http.stub{ url = list .. "companies?limit=100&archived=true", json = { results = json.array{} } }
  http.stub{ url = "https://api.hubapi.com/crm/owners/*", json = { results = json.array{} } }

  local run = run_script("hubspot.lua", { env = { HUBSPOT_TOKEN = "a-token-for-tests" } })

  expect(run.error).to_be_nil()
  expect(planhat.company.get_by_id("srcid-17").name).to_be("Northwind")
end)
]],
}

local M = {}

--- Makes Planhat's records agree with HubSpot's, and returns what was done, by stream. The first run reads everything, later ones what changed.
---@param options { streams: string[]?, map: table?, back: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string?, settings: table? }? `streams`: `companies`, `contacts`, default both; `map`: changes to the map of each stream; `back`: HubSpot's fields by the properties of Planhat that they get, by stream, such as `{ companies = { planhat_health = "h" } }`; `missing`: `report`, `archive` or `delete` what HubSpot no longer has, default `report`; `max_missing`: the share of records above which nothing is removed, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the HubSpot account, if you use several.
---@return table<string, table>
function M.sync(options) return hubspot:sync(options) end

return M
