--- Brings Salesforce's accounts, contacts, opportunities, cases, tasks and events to Planhat: `local salesforce = require "connectors.salesforce"`.
---
--- Set SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET to the consumer key and secret of an External Client App with the client
--- credentials flow, and the setting `instance` to your My Domain. docs/connectors/salesforce.md shows the screens.
local _, _, host = ...
local C, A, F = require "connector", require "connector.auth", require "connector.fields"
local queries = require "connectors.salesforce.queries"
local setup = require "connector.setup"
local writes = require "connectors.salesforce.writes"

host.reach("*.my.salesforce.com")

local app = { token_url = "/services/oauth2/token", client_id = "SALESFORCE_CLIENT_ID" }

local function way(more)
  local options = {}
  for name, value in pairs(app) do options[name] = value end
  for name, value in pairs(more) do options[name] = value end
  return A.oauth2(options, function(name)
    -- The address that a person opens contains the key of the app, so it is not secret.
    if more.authorize_url and name == "SALESFORCE_CLIENT_ID" then return host.variable(name) end
    return host.credential(name)
  end)
end

local usual = A.either(
  way{ client_secret = "SALESFORCE_CLIENT_SECRET" },
  way{ key_variable = "SALESFORCE_PRIVATE_KEY", subject = "{username}", audience = "https://{login}" },
  C.bearer("SALESFORCE_TOKEN", host.credential))

-- Where a person has authorized the app, in place of an integration user.
local by_refresh_token = way{ client_secret = "SALESFORCE_CLIENT_SECRET", refresh_token = "SALESFORCE_REFRESH_TOKEN" }

-- Salesforce compares the whole address to which the browser returns.
local redirect = "http://localhost:8976/callback"

local in_browser = way{ client_secret = "SALESFORCE_CLIENT_SECRET", authorize_url = "/services/oauth2/authorize", redirect = redirect, scopes = { "api", "refresh_token" } }

local salesforce = C.new{
  name = "salesforce", title = "Salesforce", base = "https://{instance}", login = "login.salesforce.com", version = "68.0", sunset = "2029-10-31",
  auth = function(conn)
    if conn.settings.sign_in == "browser" then return in_browser(conn) end
    if host.credential("SALESFORCE_REFRESH_TOKEN") then return by_refresh_token(conn) end
    return usual(conn)
  end,
}

-- Declares a stream that reads an object.
local function object(name, spec)
  spec.permissions = spec.permissions or { "API Enabled", ("Read and View All Records on %s"):format(spec.object) }
  spec.back_permissions = { "Edit on " .. spec.object }
  spec.dense = true -- a response has each field that was asked for
  spec.cursor = queries.cursor(spec)
  spec.scan = function() end -- the cursor reads everything as well
  spec.delta = spec.scan
  spec.gone, spec.choices = queries.gone(spec), queries.choices(spec)
  spec.back = writes.of(spec)
  spec.takes = function(conn) return conn.settings.where and conn.settings.where[name] end
  salesforce:stream(name, spec)
end

local function company() return F.ref("company", "AccountId") end

local owner = F.keep(F.user("Owner.Email"))

object("accounts", { object = "Account", ids = "001", into = "company", map = {
  sourceId = "Id",
  name = F.required("Name", "the account has no name"),
  domains = F.domains("Website"),
  country = "BillingCountry",
  description = "Description",
  owner = owner,
} })

object("contacts", { object = "Contact", ids = "003", into = "enduser", after = "accounts", map = {
  sourceId = "Id",
  email = F.keep("Email"),
  firstName = "FirstName",
  lastName = "LastName",
  position = "Title",
  phone = "Phone",
  companyId = company(),
} })

object("opportunities", { object = "Opportunity", ids = "006", into = "opportunity", key = "externalId", after = "accounts",
  where = "AccountId != null", optional = { CurrencyIsoCode = true }, map = {
    externalId = "Id",
    sourceId = "Id",
    companyId = company(),
    title = "Name",
    salesStage = "StageName",
    status = F.about("`won`, `lost` or `active`", F.compute({ "IsClosed", "IsWon" }, function(closed, won) return won and "won" or closed and "lost" or "active" end)),
    closeDate = F.date("CloseDate"),
    _currency = F.keep("CurrencyIsoCode"),
    ownerId = owner,
    nrr = F.number("Amount"),
  } })

local case_email = F.about("the first that there is", F.compute({ "ContactEmail", "SuppliedEmail" }, function(contact, supplied) return contact or supplied end))

object("cases", { object = "Case", ids = "500", into = "ticket", after = "contacts", map = {
  sourceId = "Id",
  source = F.constant("Salesforce"),
  email = F.required(case_email, "the case has neither a contact with an e-mail address nor a web e-mail"),
  domains = F.domains(F.compute({ "Account.Website", "ContactEmail", "SuppliedEmail" }, function(website, contact, supplied)
    return website or (contact or supplied or ""):match("@(.+)$")
  end)),
  companyId = company(),
  title = "Subject",
  description = "Description",
  status = "Status",
  severity = "Priority",
} })

-- Salesforce archives activities after a year. Only queryAll finds those.
local function activity(name, spec)
  spec.into, spec.after, spec.all = "task", "accounts", true
  spec.permissions = { "API Enabled", "Access Activities" }
  spec.map.sourceId, spec.map.companyId, spec.map.ownerId = "Id", company(), owner
  spec.map.action, spec.map.description = "Subject", "Description"
  object(name, spec)
end

activity("tasks", { object = "Task", ids = "00T", where = "AccountId != null AND IsRecurrence = false", map = {
  mainType = F.constant("task"),
  startTime = F.date("ActivityDate"),
  noSpecificTime = F.constant(true),
  dateDone = F.date("CompletedDateTime"),
  status = "Status",
} })

activity("events", { object = "Event", ids = "00U", where = "AccountId != null AND IsRecurrence = false AND IsChild = false", map = {
  mainType = F.constant("event"),
  startTime = F.date("StartDateTime"),
  endTime = F.date("EndDateTime"),
  noSpecificTime = "IsAllDayEvent",
} })

setup.add{
  name = "salesforce", title = "Salesforce", connection = salesforce,
  ways = {
    {
      name = "secret", title = "an app with the client credentials flow, as an integration user",
      steps = {
        "In Salesforce Setup, create an integration user (license Salesforce Integration), with a permission set that grants API Enabled, and Read and View All Records on Account, Contact, Opportunity and Case and the fields that you need. Tasks and events need Access Activities.",
        "In Setup, open External Client App Manager, and choose New External Client App. Under API (Enable OAuth Settings), select Enable OAuth, enter any callback URL such as https://localhost, and add the scope Manage user data via APIs (api).",
        "Under Flow Enablement, select Enable Client Credentials Flow, and create the app.",
        "On the app's tab Policies, edit the OAuth policies: enable the client credentials flow, and set Run As to the username of the integration user.",
        "On the tab Settings, under OAuth Settings, choose Consumer Key and Secret, and copy both. In Setup, My Domain shows the instance.",
      },
      credentials = {
        { name = "SALESFORCE_CLIENT_ID", what = "the consumer key" },
        { name = "SALESFORCE_CLIENT_SECRET", what = "the consumer secret" },
      },
    },
    {
      name = "key", title = "an app with a certificate (JWT bearer flow), as an integration user",
      steps = {
        "In Salesforce Setup, create an integration user (license Salesforce Integration), with a permission set that grants API Enabled, and Read and View All Records on Account, Contact, Opportunity and Case and the fields that you need. Tasks and events need Access Activities.",
        "Make a key and a certificate: openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=phscript -keyout salesforce.pem -out salesforce.crt",
        "In Setup, open External Client App Manager, and choose New External Client App. Under API (Enable OAuth Settings), select Enable OAuth, enter any callback URL such as https://localhost, and add the scope Manage user data via APIs (api).",
        "Also add the scope Perform requests at any time (refresh_token, offline_access). Under Flow Enablement, select Enable JWT Bearer Flow, upload salesforce.crt, and create the app.",
        "On the app's tab Policies, set Permitted Users to the users that admins have approved, and choose a permission set of the integration user.",
        "On the tab Settings, under OAuth Settings, choose Consumer Key and Secret, and copy the key. In Setup, My Domain shows the instance.",
      },
      credentials = {
        { name = "SALESFORCE_CLIENT_ID", what = "the consumer key" },
        { name = "SALESFORCE_PRIVATE_KEY", what = "the private key, salesforce.pem", file = true },
      },
      settings = { { name = "username", what = "the username of the integration user" } },
    },
    {
      name = "browser", title = "a person authorizes an app in the browser, for the records that this person can read",
      steps = {
        "In Setup, open External Client App Manager, and choose New External Client App. Under API (Enable OAuth Settings), select Enable OAuth, enter the callback URL " .. redirect .. ", and add the scopes Manage user data via APIs (api) and Perform requests at any time (refresh_token, offline_access).",
        "Under Security, leave what is selected, also Require Proof Key for Code Exchange (PKCE), and create the app.",
        "On the tab Settings, under OAuth Settings, choose Consumer Key and Secret, and copy both. In Setup, My Domain shows the instance.",
        "When this command shows an address, open it in a browser on this machine, log in, and allow the access.",
      },
      credentials = {
        { name = "SALESFORCE_CLIENT_ID", what = "the consumer key", shown = true },
        { name = "SALESFORCE_CLIENT_SECRET", what = "the consumer secret" },
      },
      set = { sign_in = "browser" },
    },
  },
  settings = { { name = "instance", what = "your My Domain, such as acme.my.salesforce.com" } },
  brings = "Brings Salesforce's accounts, contacts, opportunities, cases, tasks and events to Planhat.", schedule = "45 2 * * *", archives = true,
  test = [[
local http = require "http"

it("brings accounts to Planhat", function()
  local data, fields = "https://*/services/data/v68.0/", {}
  local names = "Id Name Website BillingCountry Description AccountId FirstName LastName Email Title Phone StageName IsClosed IsWon CloseDate Amount "
    .. "ContactEmail SuppliedEmail Subject Status Priority ActivityDate CompletedDateTime StartDateTime EndDateTime IsAllDayEvent"
  for name in names:gmatch("%S+") do fields[#fields + 1] = { name = name, type = "string" } end
  for _, name in ipairs{ "Owner", "Account" } do
    fields[#fields + 1] = { name = name .. "Id", type = "reference", relationshipName = name, referenceTo = { "One", "Other" } }
  end
  http.stub{ url = data .. "sobjects/*/describe", json = { fields = fields } }
  http.stub{ url = data .. "query*", json = { totalSize = 0, done = true, records = json.array{} } }
  http.stub{ url = data .. "query?q=SELECT+Id*FROM+Account+*", json = { totalSize = 1, done = true, records = {
    { Id = "001R00000033JNuIAM", Name = "Northwind", Website = "https://northwind.example", BillingCountry = "Sweden" },
  } } }

  local run = run_script("salesforce.lua", { env = { SALESFORCE_TOKEN = "a-token-for-tests" } })

  expect(run.error).to_be_nil()
  expect(planhat.company.get_by_id("srcid-001R00000033JNuIAM").name).to_be("Northwind")
end)
]],
}

local M = {}

-- Returns the host of an address of an org, which people copy from their browser.
local function host_of(text)
  local name = tostring(text):lower():gsub("^%s+", ""):gsub("^https?://", ""):gsub("[/?#].*$", ""):gsub("%s+$", "")
  name = name:gsub("%.lightning%.force%.com$", ".my.salesforce.com")
  if not name:match("^[%w%-%.]+%.my%.salesforce%.com$") then
    error(("Salesforce: the setting instance must be your My Domain, such as acme.my.salesforce.com, not %q; Setup, My Domain shows it"):format(tostring(text)), 0)
  end
  return name
end

local amounts = { nrr = true, arr = true, mrr = true }

-- Returns the options with the settings that the declaration needs.
local function prepared(given)
  local options, settings = {}, {}
  for name, value in pairs(given or {}) do options[name] = value end
  for name, value in pairs(options.settings or {}) do settings[name] = value end
  if not settings.base then
    if not settings.instance then
      error("Salesforce: set settings.instance to your My Domain, such as salesforce.sync{ settings = { instance = \"acme.my.salesforce.com\" } }", 0)
    end
    settings.instance = host_of(settings.instance)
  end
  if (settings.instance or ""):find("%.sandbox%.") then settings.login = "test.salesforce.com" end
  settings.bulk_above = settings.bulk_above or 20000
  local map = {}
  for name, changes in pairs(options.map or {}) do map[name] = changes end
  local deals = {}
  if settings.amount then
    if not amounts[settings.amount] then error(("Salesforce: the setting amount must be nrr, arr or mrr, not %q"):format(tostring(settings.amount)), 0) end
    deals.nrr = false
    deals[settings.amount] = F.number("Amount")
  end
  if settings.currency then deals._currency = F.default(F.keep("CurrencyIsoCode"), settings.currency) end
  for property, from in pairs(map.opportunities or {}) do deals[property] = from end
  if next(deals) then map.opportunities = deals end
  settings.missing = options.missing
  options.settings, options.map = settings, map
  return options
end

--- Makes Planhat's records agree with Salesforce's, and returns what was done, by stream. The first run reads everything, later ones what changed.
---@param options { streams: string[]?, map: table?, match: string?, back: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string?, settings: table } `settings`: `instance`, your My Domain; `amount`: which property gets the amount of an opportunity, `nrr`, `arr` or `mrr`, default `nrr`; `currency`: the currency, if the org has only one; `where`: conditions in SOQL, by stream; `fields`: more fields to read, by stream; `bulk_above`: above how many records the first run uses the Bulk API, default 20,000; `page`: how many records a page has at most, default 1,999; `username`: the user, with SALESFORCE_PRIVATE_KEY; `sign_in`: `browser` if a person authorizes the app in a browser. The others: `streams`: `accounts`, `contacts`, `opportunities`, `cases`, `tasks`, `events`, default all; `map`: changes to the map of each stream; `back`: Salesforce's fields by the properties of Planhat that they get, by stream, such as `{ accounts = { Health__c = "h" } }`; `match`: `key` to find companies and people of Planhat only by their keys, default `all`: also by domains and e-mail addresses; `missing`: `report`, `archive` or `delete` what Salesforce no longer has, default `report`; `max_missing`: the share of records above which nothing is removed, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for the org, if you use several.
---@return table<string, table>
function M.sync(options) return salesforce:sync(prepared(options)) end

--- Returns an id of 15 characters with the three more that make it safe where case does not count. Other texts are returned unchanged.
---@param id string The id.
---@return string
function M.id(id) return queries.long(id) end

return M
