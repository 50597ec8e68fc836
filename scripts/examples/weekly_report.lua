-- Weekly report: one line for each owner, with what Monday's meeting is about.
--
--   phscript run weekly_report.lua [DAY]
--
-- DAY, such as 2026-01-12, is the day of the report; today when left out. It
-- writes out/weekly-DAY.csv, which opens in any spreadsheet.
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/weekly_report.lua 2026-01-12
--
-- It only reads: an API token that may read companies, users, tasks and tickets
-- is enough.

local planhat = require "planhat"
local log     = require "log"
local time    = require "time"
local report  = require "lib.report"

local today = time.format(args[1] or time.today(), "date")
local horizon = time.add(today, "60 days")

-- Lines by the owner's id; "" stands for companies without an owner.
local lines, rows = {}, {}
local function line(owner)
  return lines[owner or ""] or lines[""]
end
local function add(id, name)
  local new = { owner = name, customers = 0, arr = 0, poor_health = 0, renewals_60_days = 0, open_tasks = 0, overdue_tasks = 0, open_tickets = 0 }
  lines[id], rows[#rows + 1] = new, new
end

for user in planhat.user.each{ select = { "firstName", "lastName", "inactive" }, sort = "lastName" } do
  if not user.inactive then add(user._id, user.firstName .. " " .. user.lastName) end
end
add("", "(nobody)")

local owner_of = {}
local fields = { "status", "owner", "arr", "h", "renewalDate" }
for company in planhat.company.each{ select = fields } do
  owner_of[company._id] = company.owner
  if company.status == "customer" then
    local l = line(company.owner)
    local renewal = company.renewalDate and time.format(company.renewalDate, "date")
    l.customers = l.customers + 1
    l.arr = l.arr + (company.arr or 0)
    if company.h and company.h <= 4 then l.poor_health = l.poor_health + 1 end
    if renewal and renewal >= today and renewal <= horizon then l.renewals_60_days = l.renewals_60_days + 1 end
  end
end

for task in planhat.task.each{ select = { "ownerId", "startTime" } } do
  local l = line(task.ownerId)
  l.open_tasks = l.open_tasks + 1
  if task.startTime and time.format(task.startTime, "date") < today then l.overdue_tasks = l.overdue_tasks + 1 end
end

-- If the token may not read tickets, write the report without them.
local _, err = planhat.try(function()
  for ticket in planhat.ticket.each{ select = { "companyId", "status" } } do
    if ticket.status ~= "closed" then
      local l = line(owner_of[ticket.companyId])
      l.open_tickets = l.open_tickets + 1
    end
  end
end)
if err then
  if not planhat.is_error(err) or err.kind ~= "permission" then error(err, 0) end
  log.warn("the report has no tickets", { reason = err.message })
end

local customers, arr = 0, 0
for _, l in ipairs(rows) do customers, arr = customers + l.customers, arr + l.arr end
print(("%s: %s with an ARR of %s"):format(today, report.some(customers, "customer"), report.count(arr)))
report.save("weekly-" .. today .. ".csv", rows, {
  "owner", "customers", "arr", "poor_health", "renewals_60_days", "open_tasks", "overdue_tasks", "open_tickets",
})
