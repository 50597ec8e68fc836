-- Calls in loops that are right.
local tables = require "tables"
local rows = csv.read("accounts.csv")
local upserts = {}
for _, row in ipairs(rows) do upserts[#upserts + 1] = { externalId = row.id, name = row.name } end
print(planhat.company.bulk_upsert(upserts))
for _, id in ipairs{ "a-1", "a-2" } do planhat.company.update(planhat.extid(id), { phase = "Live" }) end
local ids = { "a-1", "a-2", "a-3" }
for _, id in ipairs(ids) do print(planhat.company.get_by_id(planhat.extid(id)).name) end
for _, id in ipairs(args) do print(planhat.company.get_by_id(id).name) end
for i = 1, 3 do planhat.company.create{ externalId = "t-" .. i, name = "Test " .. i } end
for c in planhat.company.each{ limit = 5 } do planhat.company.update(c._id, { phase = "Live" }) end
for c in planhat.company.each() do
  if c.name == "Acme" then
    planhat.company.update(c._id, { phase = "Live" })
    break
  end
end
local function find(name)
  for c in planhat.company.each() do
    if c.name == name then return planhat.company.get_by_id(c._id) end
  end
end
print(find("Acme"))
-- The record that comes back is used.
for row in csv.rows("new.csv") do
  local company = planhat.company.create{ name = row.name }
  print(row.name, company._id)
end
for row in csv.rows("new.csv") do
  local ok, company = pcall(planhat.company.create, { name = row.name })
  print(ok, company)
end
-- There is no bulk call for deletes, custom fields and duplicates.
for c in planhat.company.each() do
  if c.phase == "Lost" then planhat.company.delete(c._id) end
end
for row in csv.rows("fields.csv") do
  planhat.custom_field.create{ name = row.name, parent = "company", type = "text" }
end
-- Each is read once.
local owners = {}
for c in planhat.company.each() do
  if c.owner and not owners[c.owner] then owners[c.owner] = planhat.user.get_by_id(c.owner) end
  print(c.name, owners[c.owner])
end
local cache = {}
local function company_of(id)
  if not cache[id] then
    local company = planhat.company.get_by_id(id)
    cache[id] = company
  end
  return cache[id]
end
for license in planhat.license.each() do print(company_of(license.companyId)) end
-- A few of many.
for c in planhat.company.each() do
  local newest = planhat.nps.get_list{ companyId = c._id, sort = "-createdAt", limit = 1 }
  print(c.name, newest[1] and newest[1].score)
end
for _, chunk in ipairs(tables.chunk(upserts, 500)) do print(planhat.company.bulk_upsert(chunk)) end
local batch = {}
for row in csv.rows("large.csv") do
  batch[#batch + 1] = { externalId = row.id, name = row.name }
  if #batch == 1000 then
    print(planhat.company.bulk_upsert(batch))
    batch = {}
  end
end
-- Pages, and waiting.
local offset = 0
while true do
  local page = planhat.company.get_list{ limit = 100, offset = offset }
  if #page == 0 then break end
  for _, c in ipairs(page) do print(c.name) end
  offset = offset + #page
end
local skip = 0
repeat
  local page = planhat.company.get_list{ limit = 100, offset = skip }
  for _, c in ipairs(page) do print(c.name) end
  skip = skip + 100
until #page < 100
for page = 0, 9 do
  for _, c in ipairs(planhat.company.get_list{ limit = 100, offset = page * 100 }) do print(c.name) end
end
while #planhat.task.get_list{ companyId = args[1], limit = 1 } == 0 do time.sleep(30) end
repeat
  local tasks = planhat.task.get_list{ limit = 100 }
  for _, task in ipairs(tasks) do planhat.task.delete(task._id) end
until #tasks == 0
for attempt = 1, 3 do
  local ok, err = pcall(planhat.company.update, "extid-a-1", { phase = "Live" })
  if ok then break end
  print(attempt, err)
end
-- Not in the loop itself.
local later = {}
for _, row in ipairs(rows) do
  later[#later + 1] = function() return planhat.company.get_by_id(planhat.extid(row.id)) end
end
print(later[1] and later[1]())
-- Each record is written before the next one is marked.
local state = require "state"
local webhook = require "webhook"
for _, event in ipairs(webhook.events()) do
  planhat.company.update("extid-" .. event.body.id, { status = event.body.status })
  webhook.done(event)
end
for _, row in ipairs(rows) do
  if not state.get(row.id) then
    planhat.company.update(planhat.extid(row.id), { name = row.name })
    state.set(row.id, time.now())
  end
end
for c in planhat.company.each{ page_size = 5, limit = 5 } do print(c.name) end
for c in planhat.company.each{ page_size = 500 } do print(c.name) end
for c in planhat.company.each() do
  if c.phase == "Live" then print(c.name) end
end
for c in planhat.company.each() do
  if c.externalId == args[1] then print(c.name) else print(c.phase) end
end
for _, url in ipairs(rows) do
  print(url)
  time.sleep(1)
end
