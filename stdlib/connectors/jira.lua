--- Brings Jira Cloud's issues to Planhat: `local jira = require "connectors.jira"`.
---
--- Set JIRA_EMAIL to the e-mail address of an Atlassian account, and JIRA_TOKEN to an API token with scopes that it created. Tokens
--- expire after at most a year.
local _, _, host = ...
local http = require "http"
local C, F, adf = require "connector", require "connector.fields", require "connector.adf"
local links, setup = require "connectors.jira.links", require "connector.setup"

host.reach("*.atlassian.net")
host.reach("api.atlassian.com")

-- Tokens with scopes work only through this address, which needs the id of the site.
local gateway = "https://api.atlassian.com"

local function empty(value) return F.is_empty(value) end

-- Returns the id of a site, which its own address tells.
local function cloud_of(settings)
  if type(settings.site) ~= "string" or not settings.site:match("^[%w-]+$") then
    error("Jira: set settings.site to the first part of your Jira's address, such as \"acme\" for acme.atlassian.net", 0)
  end
  local address = (settings.base or ("https://%s.atlassian.net"):format(settings.site)) .. "/_edge/tenant_info"
  local ok, response = pcall(http.get, address)
  if not ok then
    if type(response) == "table" and response.kind == "not_found" then
      error(("Jira: there is no site %s.atlassian.net; correct settings.site"):format(settings.site), 0)
    end
    error(response, 0)
  end
  local cloud = response:json().cloudId
  if type(cloud) ~= "string" or not cloud:match("^[%w-]+$") then
    error(("Jira: %s does not tell the cloud id of the site; set settings.cloud to it"):format(address), 0)
  end
  return cloud
end

local function authenticate(conn)
  local email, token = host.variable("JIRA_EMAIL"), host.credential("JIRA_TOKEN")
  if not email or not token then return nil, "JIRA_EMAIL to an e-mail address, and JIRA_TOKEN to an API token of that account" end
  conn.cloud = conn.settings.cloud or cloud_of(conn.settings)
  return { basic = { email, token } }
end

local jira = C.new{ name = "jira", title = "Jira", base = gateway, version = "3", auth = authenticate, rate = { "10/1s" } }

-- Returns the path of a resource below the site's address at the gateway.
local function path(conn, resource)
  conn:client()
  return ("/ex/jira/%s/rest/api/3/%s"):format(conn.cloud, resource)
end

-- A token that has ended can get a search without issues in place of an error, so the user is
-- asked for first. The fields are read too: an issue does not have those that its project does not use.
local function begin(stream, conn)
  if stream.known then return end
  conn:call{ get = path(conn, "myself"), reads = true }
  stream.known = {}
  for _, field in ipairs(conn:call{ get = path(conn, "field"), reads = true }) do stream.known[field.id] = true end
  local asked = {}
  stream.wanted = json.array{}
  for _, one in ipairs(stream.paths) do
    local name = one:match("^fields%.([^.]+)")
    if name and not asked[name] then
      asked[name] = true
      stream.wanted[#stream.wanted + 1] = name
    end
  end
  -- Without any, Jira would return ids alone.
  if not asked.created then stream.wanted[#stream.wanted + 1] = "created" end
end

local kinds = { priority = true, status = true, issuetype = true }

-- Returns what a field can be that has a list for the whole site.
local function choices(conn, at)
  local kind, by = at:match("^fields%.(%a+)%.(%a+)$")
  if not kinds[kind] or by ~= "name" and by ~= "id" then return nil end
  local values = {}
  for _, one in ipairs(conn:call{ get = path(conn, kind), reads = true }) do values[tostring(one[by])] = true end
  return values
end

local function milliseconds(seconds) return ("%.0f"):format(math.max(0, seconds) * 1000) end

-- Returns a query. Milliseconds mean the same in all zones; a date would be in that of the token's user. In the order
-- of creation, changes while the pages are read move no issue to a page that was read before.
local function jql(conn, position)
  local parts = {}
  if conn.jql then parts[1] = "(" .. conn.jql .. ")" end
  parts[#parts + 1] = "updated >= " .. milliseconds(position.since or 0)
  if position.from then parts[#parts + 1] = "created >= " .. milliseconds(position.from) end
  return table.concat(parts, " AND ") .. " ORDER BY created ASC, key ASC"
end

local function following(body)
  local token = body.nextPageToken
  if empty(token) then
    if body.isLast == false then error("Jira: the search says that there are more issues, but gives no nextPageToken, so they cannot be read", 0) end
    return nil
  end
  return body.isLast ~= true and token or nil
end

-- Reads a page at a position: since when issues were changed, the time of creation at which the search begins, the ids
-- of issues of this time that were read, and the token of the page. Each page is another search, which begins where the last one ended: if
-- an issue is deleted meanwhile, no other moves to a page that was read. Only if all issues of a page were created at one
-- time, the token leads to the next one.
local function read(stream, conn, position)
  begin(stream, conn)
  local function ask(token)
    return conn:page({ post = path(conn, "search/jql"), items = "issues", next = following, send = "nextPageToken", limit = "maxResults",
      json = { jql = jql(conn, position), fields = stream.wanted, maxResults = conn.settings.page or 100 } }, token)
  end
  local ok, page = pcall(ask, position.token)
  if not ok and position.token and type(page) == "table" and page.status == 400 then
    log.info(("%s: Jira has forgotten the position, so the search continues at the time of the last issue"):format(stream.name))
    ok, page = pcall(ask, nil)
  end
  if not ok then error(page, 0) end
  local known, items, times = {}, json.array{}, {}
  for _, id in ipairs(position.seen or {}) do known[id] = true end
  for i, item in ipairs(page.items) do
    local there = type(item) == "table" and item ~= json.null
    local parsed, at = pcall(time.parse, there and F.at(item, "fields.created"))
    times[i] = parsed and at or nil
    if not (there and known[item.id]) then items[#items + 1] = item end
  end
  local first, last = times[1], times[#page.items]
  if first and last and last > first and last > (position.from or 0) then
    local seen = json.array{}
    for i, item in ipairs(page.items) do if times[i] == last then seen[#seen + 1] = item.id end end
    page.next = { since = position.since, began = position.began, from = last, seen = seen }
  else
    page.next = { since = position.since, began = position.began, from = position.from, seen = position.seen, token = page.next }
  end
  page.items = items
  for _, item in ipairs(page.items) do
    if type(item) == "table" and item ~= json.null then
      if empty(item.fields) then item.fields = {} end
      for _, name in ipairs(stream.wanted) do
        if item.fields[name] == nil and stream.known[name] then item.fields[name] = json.null end
      end
    end
  end
  return page
end

local settle, overlap = 60, 300

local function by_update(stream, conn)
  stream.begin = function(began) return { since = began + conn.skew - settle } end
  stream.from = function(since) return { since = since, began = time.now() } end
  stream.resume = function(cursor) return cursor.walk or { since = cursor.since - overlap, began = time.now() } end
  stream.finish = function(_, from) return { since = from.began + conn.skew - settle } end
  stream.hold = function(cursor, position) return { since = cursor.since, walk = position } end
  stream.changes = function(position) return read(stream, conn, position) end
  stream.scan = function(position) return read(stream, conn, position or {}) end
end

-- Returns the values of a field as customers: texts, options, or lists of them.
local function customers_in(value, list)
  if type(value) == "table" and value ~= json.null then
    local text = value.value or value.name
    if text ~= nil then return customers_in(text, list) end
    for _, one in ipairs(value) do customers_in(one, list) end
  elseif not empty(value) then
    local text = tostring(value)
    list[#list + 1] = { key = text, domain = text:find("%.") and text or nil, name = text }
  end
  return list
end

-- Returns the customers of an issue, by the option `companies`.
local function customers(item)
  local way = jira.companies or {}
  if way.field then return customers_in(item.fields[way.field], {}) end
  local list = {}
  for _, label in ipairs(way.labels and not empty(item.fields.labels) and item.fields.labels or {}) do
    if label:sub(1, #way.labels) == way.labels then customers_in(label:sub(#way.labels + 1), list) end
  end
  return list
end

local function name_of(id)
  jira.names[id] = jira.names[id] or planhat.company.get_by_id(id).name
  return jira.names[id]
end

local function names_of(ids)
  local names = {}
  for i, id in ipairs(empty(ids) and {} or ids) do names[i] = name_of(id) end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ") or json.null
end

-- The fields that are written and hold documents.
local long = {}

jira:stream("issues", { into = "issue", permissions = { "read:jira-work", "read:jira-user" }, back_permissions = { "write:jira-work" }, prefix = "jira-", dense = true, cursor = by_update, choices = choices,
  takes = function(conn) return conn.jql end,
  scan = function() return {} end, -- by_update reads the pages
  present = function(conn, ids)
    local there = {}
    for first = 1, #ids, 100 do
      local part = json.array{ unpack(ids, first, math.min(first + 99, #ids)) }
      local body = conn:call{ post = path(conn, "issue/bulkfetch"), json = { issueIdsOrKeys = part, fields = json.array{ "summary" } }, reads = true }
      local still = json.array{}
      for _, issue in ipairs(body.issues) do
        there[tostring(issue.id)] = true
        still[#still + 1] = tostring(issue.id)
      end
      if conn.jql and #still > 0 then -- those that are there may have left the query
        for _, id in ipairs(still) do there[id] = "no longer meets jql" end
        for _, issue in ipairs(conn:call{ post = path(conn, "search/jql"), reads = true, json = {
          jql = ("(%s) AND id in (%s) ORDER BY created ASC, key ASC"):format(conn.jql, table.concat(still, ", ")), fields = json.array{ "created" }, maxResults = #still } }.issues) do
          there[tostring(issue.id)] = true
        end
      end
    end
    return there
  end,
  prepare = function(_, items)
    for _, item in ipairs(items) do item.join = { customers = customers(item) } end
  end,
  back = {
    batch = 100,
    check = function(conn, names)
      local known = {}
      for _, field in ipairs(conn:call{ get = path(conn, "field") }) do known[field.id] = field end
      for name in pairs(names) do
        local field = known[name] or name == links.field and {}
        if not field then
          error(("Jira: there is no field %q, or the account does not see it; a custom field's id looks like customfield_10060"):format(name), 0)
        end
        -- Texts of several lines are documents.
        local schema = field.schema
        long[name] = name == "description" or name == "environment" or type(schema) == "table" and tostring(schema.custom):find(":textarea$") ~= nil
      end
    end,
    form = function(_, name, value)
      if name == links.field then return links.sorted(value) end
      if jira.named[name] then return names_of(value) end
      if long[name] then return type(value) == "table" and json.encode(value) or tostring(value) end
      return value
    end,
    read = function(conn, ids, names)
      local wanted, found = json.array{}, {}
      for name in pairs(names) do if name ~= links.field then wanted[#wanted + 1] = name end end
      if #wanted == 0 then wanted[1] = "summary" end
      local body = conn:call{ post = path(conn, "issue/bulkfetch"), json = { issueIdsOrKeys = json.array(ids), fields = wanted }, reads = true }
      for _, issue in ipairs(body.issues) do
        found[issue.id] = issue.fields
        for name, value in pairs(issue.fields) do
          if long[name] and value ~= json.null then issue.fields[name] = adf.text(value) end
        end
        if names[links.field] then issue.fields[links.field] = links.read(conn, path(conn, "issue/" .. issue.id .. "/remotelink")) end
      end
      return found
    end,
    write = function(conn, changes)
      local failed = {}
      for _, change in ipairs(changes) do
        local values, linked = {}, change.values[links.field]
        for name, value in pairs(change.values) do
          if name ~= links.field then values[name] = long[name] and value ~= json.null and adf.document(value) or value end
        end
        local issue = path(conn, "issue/" .. change.id)
        local ok, err = true, nil
        if next(values) then ok, err = pcall(conn.call, conn, { put = issue, json = { fields = values }, repeatable = true }) end
        if ok and linked ~= nil then ok, err = pcall(links.write, conn, issue .. "/remotelink", linked, jira.page_of_company, name_of) end
        if not ok then
          if type(err) ~= "table" or err.kind ~= "validation" and err.kind ~= "not_found" then error(err, 0) end
          failed[change.id] = err.message
        end
      end
      return failed
    end,
  },
  map = {
    sourceId = "id",
    source = F.constant("jira"),
    sourceUrl = F.about("the page of the issue", F.compute({ "key" }, function(key) return key and ("https://%s.atlassian.net/browse/%s"):format(jira.settings.site, key) or nil end)),
    title = F.required("fields.summary", "the issue has no summary, and Planhat needs a title"),
    description = F.about("as plain text", F.compute({ "fields.description" }, function(document) return document and adf.text(document) or json.null end)),
    status = "fields.status.name",
    priority = "fields.priority.name",
  } })

setup.add{
  name = "jira", title = "Jira", connection = jira,
  steps = {
    "Sign in to Atlassian with an account that sees the projects that you want, and open https://id.atlassian.com/manage-profile/security/api-tokens.",
    "Choose Create API token with scopes. Give it a name and the latest expiry date, which is a year away at most, and choose Jira.",
    "Choose the scopes read:jira-work and read:jira-user; to write fields back, also write:jira-work.",
    "Copy the token, which Atlassian shows once.",
  },
  credentials = {
    { name = "JIRA_EMAIL", shown = true, what = "the e-mail address of that account" },
    { name = "JIRA_TOKEN", what = "the API token" },
  },
  settings = { { name = "site", what = "acme, if your Jira is acme.atlassian.net" } },
  brings = "Brings Jira's issues to Planhat.", schedule = "30 2 * * *", archives = true,
  test = [[
local http = require "http"

it("brings issues to Planhat", function()
  local api = "https://api.atlassian.com/ex/jira/c-1/rest/api/3/"
  http.stub{ url = "https://*.atlassian.net/_edge/tenant_info", json = { cloudId = "c-1" } }
  http.stub{ url = api .. "myself", json = { accountId = "a-1" } }
  http.stub{ url = api .. "field", json = { { id = "summary" }, { id = "description" }, { id = "status" }, { id = "priority" }, { id = "created" } } }
  http.stub{ method = "POST", url = api .. "search/jql", json = { isLast = true, issues = { { id = "10042", key = "APP-17", fields = {
    summary = "CSV export times out", description = json.null, status = { name = "To Do" }, priority = { name = "High" }, created = "2026-11-18T07:00:00.000+0000" } } } } }

  local run = run_script("jira.lua", { env = { JIRA_EMAIL = "sync@acme.example", JIRA_TOKEN = "a-token-for-tests" } })

  expect(run.error).to_be_nil()
  expect(planhat.issue.get_by_id("srcid-jira-10042").title).to_be("CSV export times out")
end)
]],
}

local M = {}

-- Checks the option `companies`.
local function way_of(companies)
  local kind = type(companies)
  if kind == "nil" or kind == "table" and (type(companies.labels) == "string" or type(companies.field) == "string") then return companies end
  error("Jira: companies must be { labels = \"customer-\" } or { field = \"customfield_10050\" }", 3)
end

--- Makes Planhat's issues agree with Jira's, and returns what was done, by stream. The first run reads everything, later ones what changed.
---@param options { settings: table, companies: table?, jql: string?, prefix: string?, map: table?, back: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? } `settings`: `site`, the first part of your Jira's address, and optionally `rate` and `page`, how many requests to send at most and the size of pages, and `company_page`, the address of a company in Planhat, with `{id}` for its id; `companies`: what names the companies of an issue: `{ labels = "customer-" }` for labels with this beginning, or `{ field = "customfield_10050" }` for a field; the rest of the label, or the value, is a company's `externalId`, `sourceId` or domain; `jql`: which issues to read, such as `project in (APP, WEB)`, default all that the account sees; `prefix`: what begins the ids in Planhat, default `jira-`; with several sites, give each another one, none of which begins another; `map`: changes to the map; `back`: fields of issues by the properties of Planhat that they get, such as `{ issues = { customfield_10060 = "companyIds" } }`, which writes the names of the companies; `{ issues = { remotelinks = "companyIds" } }` links issues to the companies in Planhat; `missing`: `report`, `archive` or `delete` what a complete pass no longer finds in Jira, or what no longer meets `jql`, default `report`; `max_missing`: the share of records above which a complete pass removes nothing, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the site, if you use several.
---@return table<string, table>
function M.sync(options)
  local own, settings = {}, {}
  for name, value in pairs(options or {}) do own[name] = value end
  for name, value in pairs(own.settings or {}) do settings[name] = value end
  jira.companies, jira.jql, jira.names, jira.named = way_of(own.companies), own.jql, {}, {}
  if jira.jql and (type(jira.jql) ~= "string" or jira.jql:lower():find("order%s+by")) then error("Jira: jql must be a condition such as \"project in (APP, WEB)\", without ORDER BY", 2) end
  if own.companies then
    local map, reads = {}, {}
    for property, from in pairs(own.map and own.map.issues or {}) do map[property] = from end
    if map.companyIds == nil then map.companyIds = F.companies("join.customers") end
    for i, one in ipairs(own.read and own.read.issues or {}) do reads[i] = one end
    reads[#reads + 1] = "fields." .. (own.companies.field or "labels")
    own.map, own.read = { issues = map }, { issues = reads }
  end
  for field, property in pairs(own.back and own.back.issues or {}) do
    if property == "companyIds" then jira.named[field] = true end
    if field == links.field and property ~= "companyIds" then error("Jira: back can only write companyIds to remotelinks, which links issues to companies", 2) end
  end
  jira.page_of_company = settings.company_page or "https://app.planhat.com/profile/{id}"
  if own.prefix ~= nil and (type(own.prefix) ~= "string" or own.prefix == "") then error("Jira: prefix must be a text such as \"acme-\"", 2) end
  jira.streams.issues.prefix = own.prefix or "jira-"
  own.companies, own.jql, own.prefix, own.settings = nil, nil, nil, settings
  own.account = own.account or settings.site
  return jira:sync(own)
end

return M
