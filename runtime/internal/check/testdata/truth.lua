-- 0, "" and empty lists count as true.
local rows = {}
for row in csv.rows("accounts.csv") do rows[#rows + 1] = { externalId = row.id, name = row.name } end
local result = planhat.company.bulk_upsert(rows)
if result.rejected then error("rejected: " .. result.rejected) end --> always-true: a number counts as true, even 0, so this is always true
if result.errors then error("there were errors") end --> always-true: a list counts as true
if not result.errors then print("all good") end      --> always-true: never true
if result.errors == nil then print("all good") end   --> always-true: never true
if result.errors ~= nil then print("some") else print("none") end --> always-true: always true
if not result.rejected then print("all good") elseif result.created then print("new") end --> always-true: never true --> always-true: always true
local failed = result.rejected
if failed then print("failed") end                   --> always-true: a number
print(result.rejected and "bad" or "good")           --> always-true: a number
print(not result.created, result.errors == nil)      --> always-true: never true --> always-true: never true
if #result.errors then print("some") end             --> always-true: a number
if not #rows then print("nothing to do") end         --> always-true: never true
while #rows do table.remove(rows) end                --> always-true: a number
local list = planhat.company.get_list()
if not list then print("no companies") end           --> always-true: a list
if list then print("companies") else print("none") end --> always-true: a list
if list == nil or list[1] == nil then print("none") end
while list do print(list[1]) end                      --> always-true: a list
local todo = {}
for _, c in ipairs(planhat.company.get_list()) do if c.owner == nil then table.insert(todo, c) end end
if todo then print("some have no owner") end         --> always-true: a list
local count, text, none = 0, "", nil
for c in planhat.company.each() do
  if c.phase == "Live" then count = count + 1 text = text .. c.name end
end
if count then print("live", none) end                --> always-true: a number
if not count then print("not live") end              --> always-true: never true
if text then print(text) end                         --> always-true: a string
repeat count = count - 1 until count                 --> always-true: a number
local company = planhat.company.get_by_id("extid-1")
if not company then print("missing") end             --> always-true: planhat.company.get_by_id raises an error if it fails
if company == nil then print("missing") end          --> always-true: never true
if company then print("there") end                   --> always-true: raises an error
if not planhat.company.get_by_id("extid-2") then print("missing") end --> always-true: raises an error
local created = planhat.company.create{ externalId = "a", name = "A" }
if created == nil then error("not created") end      --> always-true: raises an error
if not result then error("failed") end               --> always-true: raises an error
local name = company.name
if (name or ""):gsub("%s", "") then print("has a name") end --> always-true: a string
if tostring(company.owner) then print("owned") end   --> always-true: a string
if fs.read("note.txt") then print("not empty") end   --> always-true: a string
local text_of = fs.read("note.txt")
if not text_of then print("empty") end               --> always-true: never true
local function report(res)
  local errors = planhat.company.bulk_upsert(res).errors
  if not errors then return "fine" end               --> always-true: never true
  return errors
end
print(report(rows))
local options = params
local active = options.active or true                --> always-true: 'or true' also replaces false
local settings = { verbose = options.verbose or true } --> always-true: 'or true'
settings.dry = args.dry or true                      --> always-true: 'or true'
print(active, inspect(settings))

-- These are right.
if result.rejected > 0 or #result.errors > 0 then print("some") end
if list and #list > 0 then print("some") end
if not list or #list == 0 then print("none") end
if list then for _, c in ipairs(list) do print(c.name) end end
if result.errors and result.errors[1] then print("some") end
if next(result.errors) ~= nil or not next(todo) then print("some") end
local found = planhat.try(planhat.company.get_by_id, "extid-3")
if not found then print("missing") end
if list[1] then print(list[1].name) end
if not company.owner or company.mrr == nil then print(company.mrr or 0) end
if tonumber(args[1]) then print("a number") end
if (name or ""):find("x") and (name or ""):match("y") then print("x") end
local cache
local function companies()
  if not cache then cache = planhat.company.get_list() end
  return cache
end
print(companies())
local last
for c in planhat.company.each() do
  if last then print(last) end
  last = c.name
end
local n
for _, c in ipairs(list) do if c.mrr then n = (n or 0) + 1 end end
if n then print(n) end
local debug_on = 1
if debug_on then print("on") end
local limit = tonumber(args[2]) or 10
print(limit, #rows == 0 and "none" or "some")
local enabled = options.enabled ~= false
local done = enabled or options.done
print(done, options.count or 0)
local registry = args.registry or {}
if not registry.list then registry.list = {} end
-- phscript: ignore global-set
if not seen then seen = {} end
local match = ("a=b"):match("(%a)=")
if match then print(match) end
local lines = rows
if args[3] then lines = nil end
if lines then print(#lines) end
local chosen = args[4] == "x" and rows or nil
if chosen then print(#chosen) end
local ok, err = pcall(error)
if not ok then print(err) end
for _, c in ipairs(list) do if c then print(c.name) end end
