-- Usage metrics: counts an access log and sends two metrics for each company
-- and day, api_calls and active_users.
--
--   phscript run usage_metrics.lua [FILE]
--
-- FILE has lines such as
--   2026-01-12T08:15:03Z C-01 ada@akerlund.example GET /reports/7 200
-- with the company's externalId in the second place.
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/usage_metrics.lua
--
-- It needs an API token and the tenant token. Metrics don't spend the quota of
-- calls. Send a day once: Planhat adds values, it does not replace them.

local planhat = require "planhat"
local fs      = require "fs"
local time    = require "time"
local report  = require "lib.report"

local file = args[1] or fs.join(fs.dirname(args[0]), "data", "access.log")

-- 1. Read the log line by line, so that its size does not matter.
local days, unreadable, failed = {}, {}, 0
for line, number in fs.lines(file) do
  local stamp, company, user, status = line:match("^(%S+) (%S+) (%S+) %u+ %S+ (%d%d%d)$")
  local seconds = stamp and time.try_parse(stamp)
  if not seconds then
    if line ~= "" then
      run.reject({ number = number, line = line }, "this is not a line of the log")
      unreadable[#unreadable + 1] = number
    end
  elseif status >= "500" then
    failed = failed + 1 -- our fault, not their usage
  else
    local day = time.format(seconds, "date")
    local key = day .. " " .. company
    local usage = days[key] or { day = day, company = company, calls = 0, users = {}, people = 0 }
    days[key] = usage
    usage.calls = usage.calls + 1
    if not usage.users[user] then
      usage.users[user] = true
      usage.people = usage.people + 1
    end
  end
end

-- 2. Leave out companies that Planhat does not have.
local known = {}
for _, company in ipairs(planhat.company.get_lean_list()) do
  if company.externalId then known[company.externalId] = true end
end

local keys = {}
for key in pairs(days) do keys[#keys + 1] = key end
table.sort(keys)

local metrics, strangers = {}, {}
local first, last
for _, key in ipairs(keys) do
  local usage = days[key]
  if known[usage.company] then
    first, last = first or usage.day, usage.day
    metrics[#metrics + 1] = { dimensionId = "api_calls", externalId = usage.company, value = usage.calls, date = usage.day }
    metrics[#metrics + 1] = { dimensionId = "active_users", externalId = usage.company, value = usage.people, date = usage.day }
  else
    strangers[#strangers + 1] = usage.company
  end
end

print(("%s: %s unreadable, %s not counted"):format(fs.basename(file), report.some(#unreadable, "line"), report.some(failed, "failed call")))
report.first(unreadable, 3, function(number) return "line " .. number end)
if #strangers > 0 then
  print("not in Planhat: " .. table.concat(strangers, ", "))
end
if #metrics == 0 then
  print("nothing to send")
  return
end

-- 3. Send them, and read the sums back.
report.bulk("Metrics", planhat.metrics.bulk_insert_metrics(metrics))

local sums, names = {}, {}
for row in planhat.metrics.each_dimension_data{ dimension_id = "api_calls", from = first, to = last } do
  if not sums[row.companyName] then names[#names + 1] = row.companyName end
  sums[row.companyName] = (sums[row.companyName] or 0) + row.value
end
table.sort(names)
print(("api_calls in Planhat from %s to %s:"):format(first, last))
report.first(names, 5, function(name) return ("%s: %s"):format(name, report.count(sums[name])) end)
