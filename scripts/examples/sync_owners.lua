-- Sync owners: gives companies the owners that the CRM says they have.
--
--   phscript run [--dry-run] sync_owners.lua [FILE]
--
-- FILE is a CSV with the columns account_id (the company's externalId in
-- Planhat) and owner_email (the e-mail address of a Planhat user).
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/sync_owners.lua
--
-- It needs an API token that may read users and write companies. Lines that name
-- an unknown company or user are rejected, and the script ends with exit code 3: add
-- --rejects FILE.csv, correct that file, and run the script with it.

local planhat = require "planhat"
local csv     = require "csv"
local fs      = require "fs"
local clean   = require "lib.clean"
local report  = require "lib.report"

local file = args[1] or fs.join(fs.dirname(args[0]), "data", "owners.csv")

-- 1. Planhat's users by e-mail address, and the companies by external id.
local users, nicks = {}, {}
for user in planhat.user.each{ select = { "email", "nickName", "inactive" } } do
  local email = clean.email(user.email)
  if email then users[email] = user end
  nicks[user._id] = user.nickName
end

local companies = {}
for company in planhat.company.each{ select = { "name", "externalId", "owner" } } do
  if company.externalId then companies[company.externalId] = company end
end

-- 2. Compare them with the file.
local changes, moves, problems, right = {}, {}, {}, 0
for row, line in csv.rows(file, { trim = true, required = { "account_id", "owner_email" } }) do
  local company = companies[row.account_id]
  local user = users[clean.email(row.owner_email)]
  local problem
  if not company then
    problem = "there is no company " .. tostring(row.account_id)
  elseif not user then
    problem = "there is no user " .. tostring(row.owner_email)
  elseif user.inactive then
    problem = row.owner_email .. " is inactive"
  end
  if problem then
    run.reject(row, problem)
    problems[#problems + 1] = ("line %d: %s"):format(line, problem)
  elseif company.owner == user._id then
    right = right + 1
  else
    changes[#changes + 1] = run.from(row, { _id = company._id, owner = user._id })
    moves[#moves + 1] = ("%s: from %s to %s"):format(company.name, nicks[company.owner] or "nobody", user.nickName)
  end
end

-- 3. Send the changes.
print(("Owners: %d right already, %d to change; %s not usable"):format(right, #changes, report.some(#problems, "line")))
report.first(problems, 5, function(text) return text end)
report.first(moves, 5, function(text) return text end)
if #changes > 0 then
  report.bulk("Companies", planhat.company.bulk_upsert(changes))
end
