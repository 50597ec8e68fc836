-- Salesforce accounts: brings a CRM's customers and their deals to Planhat, and
-- adds up the open deals of each company in a custom field.
--
--   phscript run salesforce_accounts.lua INSTANCE
--
-- Try it with its tests, in which stubs answer for Salesforce. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/salesforce_accounts_test.lua
--
-- INSTANCE is your My Domain, such as acme.my.salesforce.com. The first run reads
-- everything, later ones what changed. Set SALESFORCE_CLIENT_ID and
-- SALESFORCE_CLIENT_SECRET to the consumer key and secret of an External Client
-- App, or let "phscript connect salesforce" ask for them.
--
-- It needs an API token that may write companies and opportunities. Prospects
-- stay in Salesforce: only accounts whose type begins with "Customer" are read.
--
-- @schedule "45 2 * * *"

local planhat    = require "planhat"
local salesforce = require "connectors.salesforce"
local F          = require "connector.fields"
local report     = require "lib.report"

local instance = args[1]
if not instance then
  io.stderr:write("usage: phscript run salesforce_accounts.lua INSTANCE\n")
  os.exit(2)
end

local did = salesforce.sync{
  streams  = { "accounts", "opportunities" },
  settings = {
    instance = instance,
    amount   = "arr",
    where    = { accounts = "Type LIKE 'Customer%'", opportunities = "Account.Type LIKE 'Customer%'" },
  },
  map = {
    accounts = {
      status = F.constant("customer"),
      ["custom.Industry"] = "Industry",
    },
  },
}
for _, stream in ipairs{ "accounts", "opportunities" } do
  print(("%s: %s read, %d new, %d changed"):format(stream, report.count(did[stream].read), did[stream].created, did[stream].updated))
end

local open = {}
for deal in planhat.opportunity.each{ select = { "companyId", "status", "arr" } } do
  if deal.status == "active" and deal.companyId and deal.arr then
    open[deal.companyId] = (open[deal.companyId] or 0) + deal.arr
  end
end

local rows = {}
for company in planhat.company.each{ select = { "custom" } } do
  local sum = open[company._id] or 0
  if sum ~= (company.custom and company.custom["Open deals"] or 0) then
    rows[#rows + 1] = { _id = company._id, custom = { ["Open deals"] = sum } }
  end
end
report.bulk("Companies", planhat.company.bulk_upsert(rows))
