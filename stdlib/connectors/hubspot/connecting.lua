---@package
--- How HubSpot is connected, for its connector.
local connecting = {}

local A, setup = require "connector.auth", require "connector.setup"

--- Where the browser returns to. HubSpot compares the whole address, and takes http only for localhost.
connecting.redirect = "http://localhost:8976/callback"

--- What an app must be allowed to do.
connecting.scopes = { "oauth", "crm.objects.companies.read", "crm.objects.contacts.read", "crm.objects.deals.read", "crm.objects.owners.read", "tickets" }

--- Returns a way to authenticate as an app.
---@param app table What the ways have in common.
---@param more table The other options of `connector.auth.oauth2`.
---@param host table What gives the connector its credentials.
---@return function
function connecting.way(app, more, host)
  local options = {}
  for _, part in ipairs{ app, more } do
    for name, value in pairs(part) do options[name] = value end
  end
  return A.oauth2(options, function(name)
    -- The address that a person opens contains the client ID, so it is not secret.
    if more.authorize_url and name == "HUBSPOT_CLIENT_ID" then return host.variable(name) end
    return host.credential(name)
  end)
end

--- Declares it for `phscript connect`.
---@param connection table What `connector.new` returned.
function connecting.add(connection)
setup.add{
  name = "hubspot", title = "HubSpot", connection = connection,
  ways = {
    {
      name = "key", title = "a service key of your account",
      steps = {
        "In HubSpot, as a super admin or a user with access to developer tools, open Development, Keys, Service keys, and create a service key.",
        "Give it the scopes crm.objects.companies.read, crm.objects.contacts.read, crm.objects.deals.read, tickets and crm.objects.owners.read. To write fields back, add crm.objects.companies.write, crm.objects.contacts.write and crm.objects.deals.write.",
        "Create it, open it, and copy the key.",
      },
      credentials = { { name = "HUBSPOT_TOKEN", what = "the service key" } },
    },
    {
      name = "browser", title = "an app with OAuth, which a super admin installs in the browser",
      steps = {
        "In HubSpot, under Development, create an app with the authentication type OAuth, and the redirect URL " .. connecting.redirect .. ".",
        "Make these its required scopes: " .. table.concat(connecting.scopes, ", ") .. ".",
        "On the app's page, under Auth, copy the client ID and the client secret.",
        "When this command shows an address, open it in a browser on this machine as a super admin, choose your account, and install the app.",
      },
      credentials = {
        { name = "HUBSPOT_CLIENT_ID", what = "the client ID of the app", shown = true },
        { name = "HUBSPOT_CLIENT_SECRET", what = "the client secret of the app" },
      },
    },
  },
  brings = "Brings HubSpot's companies, contacts, deals and tickets to Planhat.", schedule = "30 2 * * *", archives = true,
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
end

return connecting
