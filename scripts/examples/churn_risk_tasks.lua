-- Churn-risk tasks: finds customers at risk and gives their owners a task.
--
--   phscript run churn_risk_tasks.lua [DAY]
--
-- DAY, such as 2026-01-12, is the day to judge by; today when left out.
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/churn_risk_tasks.lua 2026-01-12
--
-- It needs an API token that may read companies and write tasks. Run it every
-- morning: each task carries a key made of the company and its renewal, so that
-- no task is made twice, not even when the first one has been done.

local planhat = require "planhat"
local time    = require "time"
local report  = require "lib.report"

-- The rules. A company that reaches RISK points gets a task.
local RISK = 3
local RULES = {
  { points = 2, text = "health is %d", test = function(c) return c.health and c.health <= 4 and c.health end },
  { points = 2, text = "renews in %d days", test = function(c) return c.days and c.days >= 0 and c.days <= 60 and c.days end },
  { points = 2, text = "renewal was %d days ago", test = function(c) return c.days and c.days < 0 and -c.days end },
  { points = 1, text = "inactive for %d days", test = function(c) return c.idle and c.idle > 30 and c.idle end },
}

local today = time.format(args[1] or time.today(), "date")

local function days_between(later, earlier)
  return math.floor(time.diff(later, earlier, "days"))
end

-- 1. The keys of all tasks that were made before, done ones included.
local made = {}
for _, archived in ipairs{ false, true } do
  for task in planhat.task.each{ select = { "sourceId" }, isArchived = archived } do
    if task.sourceId then made[task.sourceId] = true end
  end
end

-- 2. Judge the customers.
local tasks, lines, again, without_owner = {}, {}, 0, 0
local fields = { "name", "status", "owner", "h", "renewalDate", "lastActive" }
for company in planhat.company.each{ select = fields, sort = "name" } do
  if company.status == "customer" then
    local facts = {
      health = company.h,
      days   = company.renewalDate and days_between(company.renewalDate, today),
      idle   = company.lastActive and days_between(today, company.lastActive),
    }
    local points, reasons = 0, {}
    for _, rule in ipairs(RULES) do
      local found = rule.test(facts)
      if found then
        points = points + rule.points
        reasons[#reasons + 1] = rule.text:format(found)
      end
    end
    local renewal = company.renewalDate and time.format(company.renewalDate, "date") or "no-renewal"
    local key = "churn-risk-" .. company._id .. "-" .. renewal
    if points >= RISK and made[key] then
      again = again + 1
    elseif points >= RISK then
      if not company.owner then without_owner = without_owner + 1 end
      lines[#lines + 1] = company.name .. ": " .. table.concat(reasons, ", ")
      tasks[#tasks + 1] = {
        sourceId    = key,
        mainType    = "task",
        companyId   = company._id,
        ownerId     = company.owner,
        action      = "Check in: " .. reasons[1],
        description = "At risk: " .. table.concat(reasons, ", ") .. ".",
        startTime   = time.format(time.add(today, "1d"), "%Y-%m-%dT09:00:00Z"),
      }
    end
  end
end

-- 3. Make the tasks.
print(("%s newly at risk, %d with a task already"):format(report.some(#tasks, "company", "companies"), again))
report.first(lines, 10, function(line) return line end)
if without_owner > 0 then
  print(report.some(without_owner, "task") .. " without an owner, since the company has none")
end
if #tasks > 0 then
  report.bulk("Tasks", planhat.task.bulk_upsert(tasks))
end
