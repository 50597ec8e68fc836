-- Tests of hubspot_deals.lua. Stubs answer in place of HubSpot.

local http = require "http"

local api = "https://api.hubapi.com/crm/"
local objects = api .. "objects/2026-09/"

-- object makes a record of HubSpot. A response has each property that was asked for.
local function object(id, names, properties)
  for name in names:gmatch("%S+") do
    if properties[name] == nil then properties[name] = json.null end
  end
  return { id = id, properties = properties }
end

local function company(id, stage)
  return object(id, "domain hs_additional_domains country description hubspot_owner_id", { name = "Company " .. id, lifecyclestage = stage })
end

local function deal(id, stage, day)
  return object(id, "amount deal_currency_code hubspot_owner_id", { dealname = "Deal " .. id, dealstage = stage, closedate = day .. "T00:00:00Z" })
end

-- belongs answers with the company of each deal.
local function belongs(companies)
  local results = json.array{}
  for id, one in pairs(companies) do
    results[#results + 1] = { from = { id = id }, to = { { toObjectId = one, associationTypes = { { label = "Primary" } } } } }
  end
  http.stub{ method = "POST", url = api .. "associations/2026-09/deals/companies/batch/read", json = { results = results } }
end

local function synchronize() return run_script("hubspot_deals.lua", { env = { HUBSPOT_TOKEN = "a-token-for-tests" } }) end

before_each(function()
  http.stub{ url = api .. "owners/*", json = { results = json.array{} } }
  http.stub{ url = api .. "pipelines/2026-09/deals", json = { results = { { stages = {
    { id = "1", label = "Negotiation", metadata = { isClosed = "false", probability = "0.6" } },
    { id = "2", label = "Won", metadata = { isClosed = "true", probability = "1.0" } },
  } } } } }
  http.stub{ url = api .. "properties/2026-09/companies/planhat_phase", json = { name = "planhat_phase", type = "string" } }
  http.stub{ url = objects .. "*archived=true*", json = { results = json.array{} } }
  http.stub{ method = "GET", url = objects .. "companies?*", json = { results = { company("17", "customer"), company("18", "lead") } } }
  http.stub{ url = objects .. "companies/batch/read", json = { results = { { id = "17", properties = { planhat_phase = json.null } } } } }
  http.stub{ url = objects .. "companies/batch/update", json = { results = json.array{} } }
  http.stub{ method = "GET", url = objects .. "deals?*", json = { results = {
    deal("1", "1", "2026-03-31"), deal("2", "1", "2026-02-28"), deal("3", "2", "2026-01-31"), deal("4", "1", "2026-01-15"),
  } } }
  belongs{ ["1"] = "17", ["2"] = "17", ["3"] = "17", ["4"] = "18" }
end)

it("brings customers and notes when their next deal closes", function()
  local run = synchronize()
  expect(run.error).to_be_nil()
  expect(#planhat.company.get_list()).to_be(1)
  expect(#planhat.opportunity.get_list()).to_be(3)
  expect(simulator.record("company", "srcid-17").custom["Next close"]).to_be("2026-02-28")
end)

it("writes the phase to HubSpot", function()
  simulator.seed("company", { { sourceId = "17", name = "Northwind", phase = "Onboarding" } })
  local run = synchronize()
  expect(run.error).to_be_nil()
  local sent
  for _, request in ipairs(http.requests()) do
    if request.url == objects .. "companies/batch/update" then sent = json.decode(request.body) end
  end
  expect(sent.inputs).to_equal{ { id = "17", properties = { planhat_phase = "Onboarding" } } }
end)

it("clears the date when no deal is open", function()
  simulator.seed("company", { { sourceId = "17", name = "Northwind", custom = { ["Next close"] = "2026-01-31" } } })
  http.stub{ method = "GET", url = objects .. "deals?*", json = { results = { deal("3", "2", "2026-01-31") } } }
  local run = synchronize()
  expect(run.error).to_be_nil()
  expect((simulator.record("company", "srcid-17").custom or {})["Next close"]).to_be_nil()
end)
