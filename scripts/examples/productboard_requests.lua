-- Productboard requests: brings features and notes to Planhat as issues, and counts
-- the open features that each company asks for in a custom field.
--
--   phscript run productboard_requests.lua
--
-- The first run reads everything, later ones what changed.
--
-- Try it with its tests, in which stubs answer for Productboard. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/productboard_requests_test.lua
--
-- Set PRODUCTBOARD_TOKEN to an access token of Productboard, or let
-- "phscript connect productboard" ask for it.
--
-- It needs an API token that may write issues and companies. The companies are there
-- already, for example from your CRM; the domain of a customer says which one it is.
--
-- @schedule "45 2 * * *"

local planhat      = require "planhat"
local productboard = require "connectors.productboard"
local report       = require "lib.report"

local did = productboard.sync()
print(("%s read, %d new, %d changed"):format(report.some(did.features.read, "feature"), did.features.created, did.features.updated))

local closed = { Released = true, ["Won't do"] = true }
local wanted = {}
for issue in planhat.issue.each{ select = { "sourceId", "status", "archived", "companyIds" } } do
  local feature = tostring(issue.sourceId):find("pb-feature-", 1, true) == 1
  if feature and not issue.archived and not closed[issue.status] then
    for _, company in ipairs(issue.companyIds or {}) do wanted[company] = (wanted[company] or 0) + 1 end
  end
end

local rows = {}
for company in planhat.company.each{ select = { "custom" } } do
  local count = wanted[company._id] or 0
  if count ~= (company.custom and company.custom["Open requests"] or 0) then
    rows[#rows + 1] = { _id = company._id, custom = { ["Open requests"] = count } }
  end
end
if #rows > 0 then report.bulk("Companies", planhat.company.bulk_upsert(rows)) end
