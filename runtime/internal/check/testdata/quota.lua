-- Calls that could be one call.
for c in planhat.company.each() do
  planhat.company.update(c._id, { phase = "Live" })  --> call-in-loop: writes one record in every iteration
end
for c in planhat.company.each{ select = { "phase" } } do
  if c.phase == "Onboarding" then
    planhat.company.update(c._id, { phase = "Live" }) --> call-in-loop: 'planhat.company.update' writes one record
  end
end
for row in csv.rows("accounts.csv") do
  planhat.company.create{ externalId = row.id, name = row.name } --> call-in-loop: 'planhat.company.create' writes one record
end
local rows = csv.read("accounts.csv")
for _, row in ipairs(rows) do
  local ok, err = pcall(planhat.company.update, planhat.extid(row.id), { name = row.name }) --> call-in-loop: writes one record
  if not ok then print(err) end
end
for i = 1, #rows do
  local row = rows[i]
  planhat.company.update("extid-" .. row.id, row)    --> call-in-loop: writes one record
end
local n = 1
while n <= #rows do
  planhat.enduser.create{ email = rows[n].email, companyId = planhat.extid(rows[n].id) } --> call-in-loop: writes one record
  n = n + 1
end
for _, row in ipairs(rows) do
  planhat.company.bulk_upsert{ { externalId = row.id, name = row.name } } --> call-in-loop: sends a single row
end
for _, row in ipairs(rows) do
  local result = planhat.company.bulk_upsert({ run.from(row, { externalId = row.id, name = row.name }) }) --> call-in-loop: sends a single row
  print(result.created)
end
local all = {}
for _, row in ipairs(rows) do
  all[#all + 1] = { externalId = row.id, name = row.name }
  print(planhat.company.bulk_upsert(all))            --> call-in-loop: sends all rows so far
end
for c in planhat.company.each() do
  local full = planhat.company.get_by_id(c._id)      --> call-in-loop: reads one record
  print(full.name)
end
for _, c in ipairs(planhat.company.get_lean_list()) do
  print(planhat.company.get_by_id(c._id).owner)      --> call-in-loop: reads one record
end
for license in planhat.license.each() do
  local company = planhat.company.get_by_id(license.companyId) --> call-in-loop: reads one record
  print(company.name, license.value)
end
for row in csv.rows("accounts.csv") do
  local company = planhat.try(planhat.company.get_by_id, planhat.extid(row.id)) --> call-in-loop: reads one record
  if not company then print(row.id) end
end
for c in planhat.company.each() do
  for _, user in ipairs(planhat.enduser.get_list{ companyId = c._id }) do --> call-in-loop: reads a list for one companyId
    print(c.name, user.email)
  end
end
for _, c in ipairs(planhat.company.get_list()) do
  print(c.name, #planhat.license.get_list{ companyId = c._id, select = "value" }) --> call-in-loop: reads a list for one companyId
end
local function close(task)
  planhat.task.update(task._id, { status = "done" }) --> call-in-loop: of the loop at line 66
end
local function close_all(tasks)
  for _, task in ipairs(tasks) do close(task) end
end
close_all(planhat.task.get_list())
local function owner_of(c)
  return planhat.user.get_by_id(c.owner).firstName   --> call-in-loop: of the loop at line 72
end
for c in planhat.company.each() do print(owner_of(c)) end
local tables = require "tables"
local named = tables.map(rows, function(row)
  return planhat.company.get_by_id(planhat.extid(row.id)) --> call-in-loop: reads one record
end)
print(named)
for _, row in ipairs(rows) do
  local ok = pcall(function()
    planhat.company.update(planhat.extid(row.id), { name = row.name }) --> call-in-loop: writes one record
  end)
  print(ok)
end
for i = 1, 50 do
  planhat.company.create{ externalId = "test-" .. i, name = "Test " .. i } --> call-in-loop: writes one record
end
local i = 1
while i <= #planhat.company.get_list() do            --> call-in-loop: before every iteration
  local c = planhat.company.get_list()[i]            --> call-in-loop: reads the same list
  print(c.name)
  i = i + 1
end
for _, row in ipairs(rows) do
  for c in planhat.company.each() do                 --> call-in-loop: reads the same list
    if c.externalId == row.id then print(c.name) end
  end
end
planhat.company.bulk_upsert(rows, { strict = true })
for c in planhat.company.each{ page_size = 5 } do print(c.name) end --> call-in-loop: a call for every 5 records
local wanted = args[1]
for c in planhat.company.each() do
  if c.externalId == wanted then print(c.name) end   --> call-in-loop: to find the one with that externalId
end
for row in csv.rows("contacts.csv") do
  local found = planhat.enduser.get_list{ email = row.email, limit = 1 } --> call-in-loop: reads a list for one email
  print(#found)
end
for _, chunk in ipairs(tables.chunk(rows, 10)) do
  print(planhat.company.bulk_upsert(chunk))          --> call-in-loop: sends only 10 rows
end
for c in planhat.company.each() do
  if c.phase == "Lost" then planhat.company.delete(c._id) end
  time.sleep(0.3)                                    --> needless-sleep: keeps its calls within the quota
end

-- Pages that are read by hand.
local offset = 0
while true do
  local page = planhat.company.get_list{ limit = 100, offset = 0 } --> paging: '0' does not change in this loop
  if #page == 0 then break end
  for _, c in ipairs(page) do print(c.name) end
end
repeat
  local page = planhat.company.get_list{ limit = 100, offset = offset } --> paging: 'offset' does not change
  for _, c in ipairs(page) do print(c.name) end
until #page < 100
repeat
  local page = planhat.company.get_list{ limit = 100 } --> paging: without offset
  for _, c in ipairs(page) do print(c.name) end
until #page == 0
local skip = 0
while true do
  local page = planhat.company.get_list{ limit = 100, offset = skip } --> paging: adding 1 to it does not reach
  if #page == 0 then break end
  for _, c in ipairs(page) do print(c.name) end
  skip = skip + 1
end
for page = 1, 20 do
  for _, c in ipairs(planhat.company.get_list{ limit = 100, offset = page }) do print(c.name) end --> paging: adding 1
end
for page = 1, 20 do
  for _, c in ipairs(planhat.company.get_list{ limit = 100, offset = page * 100 }) do print(c.name) end --> paging: the first page is left out
end
local from = 0
while true do
  for _, c in ipairs(planhat.company.get_list{ limit = 100, offset = from }) do print(c.name) end --> paging: the loop never ends
  from = from + 100
end
