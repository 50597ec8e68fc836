-- Several assignments: what each of them makes possible.
local status = "prospect"
if args[1] then status = "customer" end
planhat.company.create{ name = "A", status = status }
local label = "3"
if args[2] then label = "4" end
print(label.upper())                            --> wrong-arguments: with a dot, string.upper does not receive the string
local either = "a"
if args[2] then either = 4 end
print(either.upper())

-- What functions of the script return, and what they are given.
local function key(company) return company.externlId end --> unknown-property: did you mean 'externalId'
local function all(limit) return planhat.company.get_list{ limit = limit } end
for _, c in ipairs(all("many")) do print(key(c)) end --> wrong-arguments: option 'limit' must be a whole number
local function first() return all(5)[1] end
print(first().nmae)                             --> unknown-property: did you mean 'name'
local function shared(company) return company.externlId end
print(shared(first()), shared)
local function create(row) planhat.company.create(row) end
create{ naem = "A" }                            --> unknown-property: did you mean 'name'
create{ name = "B" }
local function maybe(id)
  if id then return planhat.company.get_by_id(id) end
end
local got = maybe(args[1])
if got then print(got.nmae) end                 --> unknown-property: did you mean 'name'
local function fails(id)
  if id then return id end
  error("no id")
end
planhat.company.create{ name = "A", mrr = fails(args[1]) } --> read-only-property: 'mrr'

-- Tables that are built field by field, and lists that are built in loops.
local settings = { limit = "many", model = planhat.company }
settings.owner = first()
print(settings.owner.nmae, settings.other)      --> unknown-property: did you mean 'name'
print(settings.model.get_lst())                 --> unknown-function: did you mean 'get_list'
local found = {}
for c in planhat.company.each() do found[#found + 1] = c end
print(found[1].nmae)                            --> unknown-property: did you mean 'name'
local rows = {}
for _, c in ipairs(found) do
  table.insert(rows, { id = c._id, company = c })
end
for _, row in ipairs(rows) do print(row.company.nmae, row.id) end --> unknown-property: did you mean 'name'
local M = {}
function M.owner(id) return planhat.user.get_by_id(id) end
print(M.owner("65920080b97f4a7a33000001").emial) --> unknown-property: did you mean 'email'

-- Silent: others may change these.
local open = { company = first() }
for k, v in pairs(args) do open[k] = v end
print(open.company.nmae)

-- Records that were read and are sent back.
for _, c in ipairs(planhat.company.get_list{ limit = 3 }) do
  c.phasee = "Live"                             --> unknown-property: did you mean 'phase'
  c.mrr = 5                                     --> read-only-property: 'mrr' of a company is read-only
  c.status = "good"                             --> wrong-value: 'status' of a company must be one of
  planhat.company.update(c._id, c)
end
for _, u in ipairs(planhat.user.get_list()) do
  u.label = u._id .. u.email                    -- not sent
end

-- Maps, lists and records in the place of something else.
local by_id, owners = {}, {}
for row in csv.rows("a.csv") do by_id[row.id] = { externalId = row.id, name = row.name } end
planhat.company.bulk_upsert(by_id, { strict = true }) --> wrong-arguments: 'by_id' is a map, not a list of records
for c in planhat.company.each() do owners[c.owner or ""] = true end
print(#owners)                                  --> length-of-record: 'owners' has named fields
for _, o in ipairs(owners) do print(o) end      --> ipairs-over-record: 'owners' has named fields
local list = planhat.company.get_list()
print(list.length, list.firstName)              --> unknown-property: has no field 'length' --> unknown-property: has no field 'firstName'
print(list + 1)                                 --> text-arithmetic: 'list' is a list
local function totals() return { all = #list } end
if totals() > 100 then print(1) end             --> constant-condition: a table and a number cannot be compared
local arr = #list * 12
print(arr:format("%.2f"))                       --> field-of-number: 'arr' is a number, which has no methods
local numbers = {}
for i = 1, 9 do numbers[i] = i end
local other = {}
for _, n in ipairs(numbers) do other[args[n]] = n; other[n] = n end
print(#numbers, #other)

-- Each value that is possible is looked at, and reported where it is written.
local state = "prospect"
if args[1] then state = "good" end              --> wrong-value: 'status' of a company must be one of
planhat.company.update("extid-1", { status = state })
planhat.company.update("extid-2", { status = state })
local function set(id, value) planhat.company.update(id, { status = value }) end
set("extid-1", "customer")
set("extid-2", "fine")                          --> wrong-value: 'status' of a company must be one of
local function some(limit) return planhat.company.get_list{ limit = limit } end
print(#some("all"), #some(5))                    --> wrong-arguments: option 'limit' must be a whole number
local mode = "prospect"
if args[2] then mode = "none" end
if mode ~= "none" then planhat.company.update("extid-1", { status = mode }) end
