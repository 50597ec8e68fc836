-- @param max_rows:integer "Import at most this many rows" optional
-- @param days:integer default=30
local tables = require "tables"
local address = env.require("ADDRESS")
print(address:match("@(.+)$"):lower())           --> may-be-nil: string.match returns nil if the pattern does not match
local host = address:match("@(.+)$")
print("host: " .. host)                          --> may-be-nil: 'host' can be nil, and then the run fails
print("host: " .. host)
local acme = tables.find(planhat.company.get_list(), function(c) return c.name == "Acme" end)
print(acme.name)                                 --> may-be-nil: tables.find returns nil if there is no such item
local file = io.open("a.txt")
print(file:read("*l"))                           --> may-be-nil: io.open returns nil if the file cannot be opened
local path = args[1]
print(#csv.read(path), #csv.read(args[1]))       --> may-be-nil: the script may be started with fewer than 1 arguments
print(params.max_rows - 1)                       --> may-be-nil: the parameter is optional and has no default
for _, row in ipairs(csv.read("a.csv")) do
  print(tonumber(row.seats) + 1, tonumber(args[2]) + 1) --> may-be-nil: tonumber returns nil for a text that is not a number
end
for contact in planhat.enduser.each() do
  print(contact.name .. ": " .. contact.phone)   --> may-be-nil: an enduser may have no phone
  if contact.position then print("as " .. contact.position) end
  print(contact.email .. ": " .. (contact.companyName or ""))
end
local function segment(mrr)
  if mrr >= 5000 then return "Enterprise" end
  if mrr >= 1000 then return "Mid-market" end
end
print("segment: " .. segment(300))               --> may-be-nil: 'segment' ends without a return on one path

-- Silent: something asks, or they cannot be nil.
local name = address:match("^(.-)@")
if not name then error("no name") end
print("name: " .. name)
print("trimmed: " .. address:match("^%s*(.-)%s*$"), ("a-b"):match("(%a)-"):upper())
local opened, err = io.open("b.txt")
if err then error(err) end
print(opened:read("*a"))
local checked = assert(io.open("c.txt"))
print(checked:read("*a"), params.days + 1)
local found = address:find("@") or 0
print(found + 1)
print(pcall(function() return "x" .. address:match("@.*") end))
local total = tonumber("5") + tonumber(address:match("%d+") or 0)
local function sign(n)
  if n < 0 then return -1 else return 1 end
end
local function search(list, id)
  for _, item in ipairs(list) do
    if item.id == id then return item end
  end
end
print(total, sign(total) + 1, search(tables.values({}), 1).name)
local function report(title, options)
  print(title, #planhat.company.get_list{ limit = options.limit })
end
report("all")                                    --> may-be-nil: this call leaves out the argument 'options'
report("some", { limit = 5 })
local function quiet(title, options)
  options = options or {}
  print(title, options.limit)
end
quiet("all")
