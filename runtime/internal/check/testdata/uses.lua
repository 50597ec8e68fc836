-- Functions used as those of other languages are.
local list, name, count = planhat.company.get_list(), args[1] or "x", 3
print(string.format("%d of %d", count))            --> format-arguments: the format has 2 directives, but only one value is passed
print(string.format("%s: %s %s", name))            --> format-arguments: the format has 3 directives, but only one value is passed
print(string.format("100%", 1))                    --> format-arguments: no directive '%'
print(string.format("%(name)s", name))             --> format-arguments: no directive '%('
print(("%v: %d"):format(name, count))              --> format-arguments: no directive '%v'
print(("%d companies"):format(list))               --> format-arguments: '%d' takes a number, not a list
print(("%d companies"):format("many"))             --> format-arguments: '%d' takes a number
print(("%s found"):format(list))                   --> format-arguments: '%s' takes a string or a number, not a list
print(("%s"):format(count > 2), ("%s"):format(nil)) --> format-arguments: not true or false --> format-arguments: not nil
print(string.format("{} of {}", count, #list))     --> format-arguments: this value is dropped
print(string.format("%d", count, #list))           --> format-arguments: this value is dropped
print(string.format(count, "%d"))                  --> format-arguments: the format comes first
print("found %d companies", #list)                 --> format-arguments: 'print' does not fill in
log.info("found %d companies", #list)              --> format-arguments: 'log.info' does not fill in
if count > 5 then error("too many: %d", count) end --> format-arguments: 'error' does not fill in
assert(name, "no name for %s", args[2])            --> format-arguments: 'assert' does not fill in
local pattern = "%s has %d"
print(pattern:format(name))                        --> format-arguments: the format has 2 directives
local company, problem = planhat.try(planhat.company.get_by_id, "extid-1")
if not company then print(string.format("failed: %s", problem)) end --> format-arguments: the error of a call is an object
local done, oops = pcall(planhat.company.delete, "5f3b1c2d4e5f6a7b8c9d0e1f")
if not done then print(("failed: %s"):format(oops)) end --> format-arguments: the error of a call is an object

local ok, found = planhat.try(planhat.company.get_by_id, "extid-1") --> try-results: 'ok' is the result, and 'found' the error
if ok then print(found) end
local success, result = planhat.try(planhat.company.get_list) --> try-results: 'success' is the result
print(success, result)
local worked, err = planhat.try(function() planhat.company.delete("5f3b1c2d4e5f6a7b8c9d0e1f") end) --> try-results: 'worked' is nil even if it works
if not worked then print(err) end
local function clean() for _, c in ipairs(list) do c.name = nil end end
local cleaned = planhat.try(clean)                 --> try-results: 'cleaned' is nil even if it works
print(cleaned)

table.sort(list, function(a, b) return a.mrr <= b.mrr end) --> sort-order: also true for equal items
table.sort(list, function(a, b) return a.mrr >= b.mrr end) --> sort-order: also true for equal items
table.sort(list, function(a, b) return a.mrr - b.mrr end)  --> sort-order: a number counts as true
table.sort(list, function(a, b) return a.mrr < b.mrr and -1 or 1 end) --> sort-order: a number counts as true
table.sort(list, function(a, b) print(a.mrr < b.mrr) end)  --> sort-order: returns nothing
table.sort(list, function(a, b) return not (a.mrr < b.mrr) end) --> sort-order: also true for equal items
table.sort(list, function(a, b) return a.name == b.name end) --> sort-order: does not say which item comes first
table.sort(list, function(c) return c.mrr end)     --> sort-order: passes two items
local function by_phase(a, b)
  if a.phase ~= b.phase then return a.phase < b.phase end
  return a.name <= b.name                          --> sort-order: also true for equal items
end
table.sort(list, by_phase)
table.sort(list, function(a, b) return a.phase < b.phase or (a.phase == b.phase and a.name >= b.name) end) --> sort-order: also true
local tables = require "tables"
print(#tables.sort_by(list, function(a, b) return a.mrr < b.mrr end)) --> sort-order: passes one item at a time

for i, c in ipairs(list) do
  if not c.owner then table.remove(list, i) end    --> changed-while-looping: the loop skips
end
for i = 1, #list do
  if list[i].phase == "Lost" then
    print(list[i].name)
    table.remove(list, i)                          --> changed-while-looping: the loop skips
  end
end
for k, c in pairs(list) do
  if c.mrr == 0 then table.remove(list, k) else print(c.name) end --> changed-while-looping: the loop skips
end
local words = { "a", "b" }
for _, word in ipairs(words) do
  words[#words + 1] = word:upper()                 --> changed-while-looping: the loop never ends
end
for _, word in ipairs(words) do table.insert(words, word .. "!") end --> changed-while-looping: the loop never ends

print(list)                                        --> prints-address: print shows a list as an address
print("errors:", planhat.company.bulk_upsert(list).errors) --> prints-address: a list
print(csv.read("accounts.csv"))                    --> prints-address: a list
local settings = { verbose = count > 2 }
print(settings)                                    --> prints-address: a table
print(args)                                        --> prints-address: a list

table.insert(words, "c", 1)                        --> wrong-arguments: the position comes before the item
local rows = {}
table.insert(rows, { id = name }, 1)               --> wrong-arguments: the position comes before the item
print(table.concat(list, ", "))                    --> wrong-arguments: these items are tables
local made = {}
for _, c in ipairs(list) do made[#made + 1] = { name = c.name } end
print(table.concat(made, ", "))                    --> wrong-arguments: these items are tables
print(planhat.extid(name:gsub(" ", "")))           --> further-results: planhat.extid receives both
print(#require("text").split(name:gsub(" ", "")))   --> further-results: text.split receives both

local worked2, trouble = pcall(planhat.company.get_by_id, "extid-1")
if not worked2 and trouble == "not_found" then print("missing") end --> try-results: never true
if not worked2 and trouble:find("404") then print("missing") end --> try-results: an object without 'find'
if name:find("a") == true then print(name) end     --> constant-condition: is never true
local record, records = {}, {}
for row in csv.rows("accounts.csv") do
  record.externalId, record.name = row.id, row.name
  records[#records + 1] = record                   --> same-table-added: adds the same table
end
print(planhat.company.bulk_upsert(records))
local lost = {}
for row in csv.rows("accounts.csv") do
  lost[#lost] = { externalId = row.id }            --> loop-bounds: stays empty
end
print(planhat.company.bulk_upsert(lost))
for i = 1, list do print(i) end                    --> loop-bounds: not a list
local owners = { acme = "kim" }
for account, owner in pairs(owners) do
  owners[account .. "-backup"] = owner             --> changed-while-looping: new keys
end
print(pcall(planhat.company.delete("5f3b1c2d4e5f6a7b8c9d0e1f"))) --> wrong-arguments: calls planhat.company.delete first
