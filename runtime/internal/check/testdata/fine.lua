-- What looks odd but is right.
local M = {}
M.__index = M

function M.new(name)
  return setmetatable({ name = name, items = {} }, M)
end

function M:add(item, ...)
  self.items[#self.items + 1] = item
  if select("#", ...) > 0 then return self:add(...) end
  return self
end

local function walk(node, visit)
  visit(node)
  for _, child in ipairs(node.children or {}) do walk(child, visit) end
end
walk({}, function(node) print(node) end)

local seen, order = {}, {}
for row in csv.rows("accounts.csv") do
  local key = (row.id or ""):lower()
  if key ~= "" and not seen[key] then
    seen[key] = true
    table.insert(order, key)
  end
end
table.sort(order, function(a, b) return a < b end)

local previous
for _, key in ipairs(order) do
  if previous then print(previous, key) end
  previous = key
end

local ok, err = pcall(function()
  local c = planhat.company.get_by_id("extid-1")
  c.mrr = (c.mrr or 0) + 1
  return planhat.company.update(c._id, { custom = { Mrr = c.mrr } })
end)
if not ok then log.error(tostring(err)) end

local company, failure = planhat.try(planhat.company.get_by_id, "extid-2")
if not company then
  print(failure)
else
  print(company.name, #(company.tags or {}))
end

local total, n = 0, 0
for c in planhat.company.each{ select = { "name", "mrr" }, sort = "-mrr" } do
  total, n = total + (c.mrr or 0), n + 1
  if n > 10 then break end
end
print(("%d companies, %.2f"):format(n, total / math.max(n, 1)))

local counts = {}
for license in planhat.license.each() do
  counts[license.companyId] = (counts[license.companyId] or 0) + 1
end
for id, count in pairs(counts) do print(id .. ": " .. count) end

local i = 0
repeat
  local line = io.read()
  i = i + 1
until line == nil or i > 3

local lookup = setmetatable({}, { __index = function(_, k) return k .. "!" end })
print(lookup.anything, #lookup, M.new("x"):add(1, 2).name)

local function maybe(flag)
  local value
  if flag then value = 1 end
  return value
end
print(maybe(true))

local fib
fib = function(k) return k < 2 and k or fib(k - 1) + fib(k - 2) end
print(fib(10))

local Point = {}
Point.__index = Point
Point.__add = function(p, q) return setmetatable({ x = p.x + q.x }, Point) end
Point.__concat = function(p, q) return tostring(p) .. tostring(q) end
local origin = setmetatable({ x = 0 }, Point)
local moved = origin + origin
print(moved.x, (origin .. moved))
local named = { name = "x" }
setmetatable(named, { __concat = function() return "joined" end, __len = function() return 3 end })
print("it is " .. named, #named)

local record = { externalId = "a", name = "Acme" }
planhat.company.create(record)
record = {}
record.email = "ada@acme.example"
record.companyId = "extid-x"
planhat.enduser.create(record)

local pending = {}
for row in csv.rows("accounts.csv") do pending[#pending + 1] = { name = row.name } end
for at, row in ipairs(pending) do row.externalId = "acc-" .. at end
local done = planhat.company.bulk_upsert(pending)
print(done.rejected)

local a, b = 1, 2
a, b = b, a
print(a, b)
local run = a
print(run)
print((planhat.company.get_list{ limit = 1 })[1])
return M
