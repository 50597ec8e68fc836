-- Tickets import: brings tickets from a help desk into Planhat.
--
--   phscript run tickets_import.lua [FILE]
--
-- FILE is the help desk's CSV export: separated by semicolons, in the encoding
-- of older Windows programs.
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/tickets_import.lua
--
-- It needs an API token that may write tickets. Planhat ties a ticket to a
-- company by the sender's e-mail address. Where it cannot, it rejects the row;
-- the script then continues and ends with exit code 3. Use --strict to stop there,
-- and --rejects FILE.csv to keep the rejected rows: correct that file and import it
-- in the same way.

local planhat = require "planhat"
local csv     = require "csv"
local fs      = require "fs"
local clean   = require "lib.clean"
local report  = require "lib.report"

local file = args[1] or fs.join(fs.dirname(args[0]), "data", "tickets.csv")

local tickets, without_sender = {}, {}
for row, line in csv.rows(file, { encoding = "windows-1252", trim = true, required = { "Ticket", "From" } }) do
  local email = clean.email(row.From)
  if email then
    tickets[#tickets + 1] = run.from(row, {
      sourceId    = "zd-" .. row.Ticket,
      source      = "helpdesk",
      email       = email,
      name        = clean.person(row.Name),
      domains     = { clean.domain(email:match("@(.+)$")) },
      title       = row.Subject,
      description = row.Message,
      severity    = row.Priority and row.Priority:lower(),
      status      = row.Open == "yes" and "open" or "closed",
      tags        = { "imported" },
    })
  else
    -- Planhat drops tickets without an e-mail address and does not say so.
    run.reject(row, "the ticket has no sender")
    without_sender[#without_sender + 1] = line
  end
end

print(("%s, %s without a sender"):format(report.some(#tickets, "ticket"), report.some(#without_sender, "line")))
report.first(without_sender, 3, function(line) return "line " .. line end)
report.bulk("Tickets", planhat.ticket.bulk_upsert(tickets))
