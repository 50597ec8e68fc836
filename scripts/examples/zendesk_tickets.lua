-- Zendesk tickets: brings a help desk's people and tickets to Planhat, and counts
-- the open tickets of each company in a custom field.
--
--   phscript run zendesk_tickets.lua SUBDOMAIN
--
-- SUBDOMAIN is "acme" if your Zendesk is acme.zendesk.com. The first run reads
-- everything, later ones what changed.
--
-- Try it with its tests, in which stubs answer for Zendesk. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/zendesk_tickets_test.lua
--
-- Set ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET to those of a confidential OAuth
-- client of Zendesk, or let "phscript connect zendesk" ask for them.
--
-- It needs an API token that may write end users, tickets and companies. The
-- companies are there already, for example from your CRM; the domain of an e-mail
-- address says which one it is. Tickets of people without an e-mail address are
-- rejected, and the script ends with exit code 3.
--
-- @schedule "15 2 * * *"

local planhat = require "planhat"
local zendesk = require "connectors.zendesk"
local report  = require "lib.report"

local subdomain = args[1]
if not subdomain then
  io.stderr:write("usage: phscript run zendesk_tickets.lua SUBDOMAIN\n")
  os.exit(2)
end

-- What a priority means to the customer success team.
local severity = { urgent = "critical", high = "high", normal = "medium", low = "low" }

local did = zendesk.sync{
  settings  = { subdomain = subdomain },
  companies = "domains",
  map = {
    tickets = {
      severity = function(ticket) return severity[ticket.priority] or json.null end,
    },
  },
}
print(("%s read, %d new, %d changed"):format(report.some(did.tickets.read, "ticket"), did.tickets.created, did.tickets.updated))

local open, closed = {}, { solved = true, closed = true }
for ticket in planhat.ticket.each{ select = { "companyId", "status", "source" } } do
  if ticket.source == "zendesk" and ticket.companyId and not closed[ticket.status] then
    open[ticket.companyId] = (open[ticket.companyId] or 0) + 1
  end
end

local rows = {}
for company in planhat.company.each{ select = { "custom" } } do
  local count = open[company._id] or 0
  if count ~= (company.custom and company.custom["Open tickets"] or 0) then
    rows[#rows + 1] = { _id = company._id, custom = { ["Open tickets"] = count } }
  end
end
if #rows > 0 then report.bulk("Companies", planhat.company.bulk_upsert(rows)) end
