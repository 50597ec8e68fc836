-- Intercom conversations: brings customers, contacts and conversations to Planhat, and
-- lists the conversations that have been open for days, for the companies' owners.
--
--   phscript run intercom_waiting.lua [DAYS]
--
-- DAYS is the least age of the conversations in the list, 3 when left out. The list is
-- written to out/waiting.csv, the oldest conversation first. The first run reads
-- everything, later ones what changed.
--
-- Try it with its tests, in which stubs answer for Intercom. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/intercom_waiting_test.lua
--
-- Set INTERCOM_TOKEN to the access token of an app of Intercom, or let "phscript
-- connect intercom" ask for it. If your workspace is in Europe or Australia, change
-- the host below.
--
-- It needs an API token that may read users, and write companies, end users and
-- tickets.
--
-- @schedule "0 6 * * 1-5"

local planhat  = require "planhat"
local intercom = require "connectors.intercom"
local report   = require "lib.report"

local days = tonumber(args[1] or 3)
if not days then
  io.stderr:write("usage: phscript run intercom_waiting.lua [DAYS]\n")
  os.exit(2)
end

local did = intercom.sync{ settings = { host = "api.intercom.io" } }.conversations
print(("%s read, %d new, %d changed"):format(report.some(did.read, "conversation"), did.created, did.updated))

local names = {}
for user in planhat.user.each{ select = { "firstName", "lastName" } } do
  names[user._id] = ("%s %s"):format(user.firstName, user.lastName)
end
local companies = {}
for company in planhat.company.each{ select = { "name", "owner" } } do companies[company._id] = company end

local now, rows = time.now(), {}
for ticket in planhat.ticket.each{ select = { "title", "email", "status", "source", "createdAt", "companyId" } } do
  local age = (now - time.parse(ticket.createdAt)) / 86400
  if ticket.source == "intercom" and ticket.status == "open" and age >= days then
    local company = companies[ticket.companyId] or {}
    rows[#rows + 1] = {
      days = math.floor(age), title = ticket.title, email = ticket.email, company = company.name or "", owner = names[company.owner] or "(nobody)",
    }
  end
end
table.sort(rows, function(a, b) return a.days > b.days end)
report.save("waiting.csv", rows, { "days", "owner", "company", "email", "title" })
report.first(rows, 3, function(row) return ("%d days: %s (%s)"):format(row.days, row.title, row.company) end)
