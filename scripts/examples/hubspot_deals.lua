-- HubSpot deals: brings customers and their deals to Planhat, notes in a custom field
-- when the next open deal of each customer closes, and writes the customer's phase in
-- Planhat to HubSpot.
--
--   phscript run hubspot_deals.lua
--
-- Try it with its tests, in which stubs answer for HubSpot. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/hubspot_deals_test.lua
--
-- Set HUBSPOT_TOKEN to a service key of HubSpot, or let "phscript connect hubspot" ask
-- for it. To write, the key needs the scope crm.objects.companies.write, and companies
-- in HubSpot a text property with the internal name planhat_phase.
--
-- It needs an API token that may write companies and opportunities. Companies that are
-- not customers stay in HubSpot, and so do their deals. The first run reads everything,
-- later ones what changed.
--
-- @schedule "30 2 * * *"

local planhat = require "planhat"
local hubspot = require "connectors.hubspot"
local report  = require "lib.report"

-- Reports whether Planhat has the company with an id of HubSpot. Companies are
-- synchronized before deals, so the first deal finds all of them.
local companies
local function known(id)
  if not companies then
    companies = {}
    for company in planhat.company.each{ select = { "sourceId" } } do
      if company.sourceId then companies[company.sourceId] = true end
    end
  end
  return id ~= nil and companies[id] == true
end

local did = hubspot.sync{
  streams = { "companies", "deals" },
  filter  = {
    companies = function(company) return company.properties.lifecyclestage == "customer" end,
    deals     = function(deal) return known(deal.join.company) end,
  },
  back = { companies = { planhat_phase = "phase" } },
}
for _, stream in ipairs{ "companies", "deals" } do
  print(("%s: %s read, %d new, %d changed"):format(stream, report.count(did[stream].read), did[stream].created, did[stream].updated))
end

-- The date of the open deal of each company that closes first.
local closes = {}
for deal in planhat.opportunity.each{ select = { "companyId", "status", "closeDate" } } do
  if deal.status == "active" and deal.companyId and deal.closeDate then
    local day = tostring(deal.closeDate):sub(1, 10)
    local first = closes[deal.companyId]
    if not first or day < first then closes[deal.companyId] = day end
  end
end

local rows = {}
for company in planhat.company.each{ select = { "custom" } } do
  local day = closes[company._id]
  if day ~= (company.custom and company.custom["Next close"] or nil) then
    rows[#rows + 1] = { _id = company._id, custom = { ["Next close"] = day or json.null } }
  end
end
if #rows > 0 then report.bulk("Companies", planhat.company.bulk_upsert(rows)) end
