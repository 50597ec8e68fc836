-- Calendar meetings: brings meetings with customers from Google Calendar to Planhat,
-- and lists the customers that nobody has met for a while or is going to meet.
--
--   phscript run calendar_meetings.lua USER [DAYS]
--
-- USER is the e-mail address of the person whose calendar is read. DAYS is how long
-- ago the last meeting was at least, 60 when left out. The list is written to
-- out/unmet.csv, those that were never met first. The first run reads everything,
-- later ones what changed.
--
-- Try it with its tests, in which stubs answer for Google. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/calendar_meetings_test.lua
--
-- Let "phscript connect google_calendar" ask for the credentials, with the same USER.
--
-- It needs an API token that may read companies, end users and users, and write
-- tasks. Meetings that were cancelled are deleted in Planhat as well. Customers are
-- the companies with the status "customer".
--
-- @schedule "30 5 * * *"

local planhat  = require "planhat"
local calendar = require "connectors.google_calendar"
local report   = require "lib.report"

local user, days = args[1], tonumber(args[2] or 60)
if not user or not days then
  io.stderr:write("usage: phscript run calendar_meetings.lua USER [DAYS]\n")
  os.exit(2)
end

local did = calendar.sync{ settings = { user = user }, missing = "delete" }.events
print(("%s read, %d new, %d changed"):format(report.some(did.read, "meeting"), did.created, did.updated))

-- The last meeting of each company. The next one, if there is one, is later than any that was held.
local last = {}
for task in planhat.task.each{ select = { "companyId", "mainType", "startTime" } } do
  if task.mainType == "event" and task.companyId and task.startTime then
    local at = time.parse(task.startTime)
    if not last[task.companyId] or at > last[task.companyId] then last[task.companyId] = at end
  end
end

local now, rows = time.now(), {}
for company in planhat.company.each{ select = { "name", "status" } } do
  local at = last[company._id]
  if company.status == "customer" and (not at or now - at >= days * 86400) then
    rows[#rows + 1] = { name = company.name, met = at and time.format(at, "%Y-%m-%d") or "", at = at or 0 }
  end
end
table.sort(rows, function(a, b)
  if a.at ~= b.at then return a.at < b.at end
  return a.name < b.name
end)
report.save("unmet.csv", rows, { "name", "met" })
report.first(rows, 3, function(row) return ("%s (%s)"):format(row.name, row.met == "" and "never" or row.met) end)
