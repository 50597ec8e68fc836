-- Enduser clean-up: fixes names and e-mail addresses, and archives duplicates.
--
--   phscript run [--dry-run] enduser_cleanup.lua
--
-- Two endusers of one company with the same e-mail address are the same person.
-- The one who was active last stays and takes over what it lacks; the others
-- are archived. Every change is listed in out/enduser-cleanup.csv. With
-- --dry-run the list is all that happens.
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant --dry-run scripts/examples/enduser_cleanup.lua
--
-- It needs an API token that may read and write endusers.

local planhat = require "planhat"
local clean   = require "lib.clean"
local report  = require "lib.report"

-- What a duplicate hands over to the one who stays.
local HANDED_OVER = { "position", "phone", "externalId", "sourceId" }

local changes, list = {}, {}
local fixed, archived = 0, 0

local function change(person, what, fields)
  fields._id = person._id
  changes[#changes + 1] = fields
  list[#list + 1] = { id = person._id, company = person.companyName, email = person.email, what = what }
end

-- 1. Read all endusers, grouped by company and e-mail address. The list leaves
--    out archived ones by itself.
local groups, order = {}, {}
local fields = { "companyId", "companyName", "email", "firstName", "lastName", "lastActive", "position", "phone", "externalId", "sourceId" }
for person in planhat.enduser.each{ select = fields } do
  local key = person.companyId .. " " .. (clean.email(person.email) or person._id)
  if not groups[key] then
    groups[key] = {}
    order[#order + 1] = key
  end
  table.insert(groups[key], person)
end

for _, key in ipairs(order) do
  local group = groups[key]
  -- ISO dates can be compared as text; whoever was never active comes last.
  table.sort(group, function(a, b)
    if a.lastActive ~= b.lastActive then return (a.lastActive or "") > (b.lastActive or "") end
    return a._id < b._id
  end)
  local stays = group[1]
  local new, what = {}, {}

  -- 2. Fix the one who stays.
  local function fix(field, value)
    if value and value ~= stays[field] then
      what[#what + 1] = ("%s: '%s' becomes '%s'"):format(field, stays[field] or "", value)
      new[field] = value
    end
  end
  fix("firstName", clean.person(stays.firstName))
  fix("lastName", clean.person(stays.lastName))
  fix("email", clean.email(stays.email))
  for i = 2, #group do
    for _, field in ipairs(HANDED_OVER) do
      if not stays[field] and not new[field] then fix(field, group[i][field]) end
    end
  end
  if #what > 0 then
    fixed = fixed + 1
    change(stays, table.concat(what, "; "), new)
  end

  -- 3. Archive the others.
  for i = 2, #group do
    archived = archived + 1
    change(group[i], "archived, the same person as " .. stays._id, { archived = true })
  end
end

print(("%s, %d to fix, %s to archive"):format(report.some(#order, "person", "people"), fixed, report.some(archived, "duplicate")))
report.save("enduser-cleanup.csv", list, { "id", "company", "email", "what" })
if #changes > 0 then
  report.bulk("Endusers", planhat.enduser.bulk_upsert(changes))
end
