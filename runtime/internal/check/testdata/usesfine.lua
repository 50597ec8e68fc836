-- Uses that are right.
local list, name, count = planhat.company.get_list(), args[1] or "x", tonumber(args[2]) or 3
print(string.format("%d of %5.1f%%", count, 3.5), ("%s"):format(name), ("%-20s|%q"):format(name, name))
print(string.format("%s", count), string.format("%d", "12"), ("%x"):format(255), ("%c"):format(65))
print(string.format("%s and %s", name:match("(%a)(%d)")), string.format("%d", select("#", 1)))
print(string.format(name, count), "100% of companies", 3, "50% done", count)
local company, err = planhat.try(planhat.company.get_by_id, "extid-1")
if not company then print(("failed: %s"):format(tostring(err))) end
if company then print(company) end
local ok, why = pcall(planhat.company.delete, "5f3b1c2d4e5f6a7b8c9d0e1f")
if not ok then print("failed: " .. why.message) end
local value, problem = planhat.try(function() return json.decode(name) end)
print(value, problem)
local _, failure = planhat.try(function() planhat.company.delete("5f3b1c2d4e5f6a7b8c9d0e1f") end)
if failure then print(failure) end
local good, text = pcall(fs.read, "note.txt")
if good then print(text) end
table.sort(list, function(a, b) return (a.mrr or 0) > (b.mrr or 0) end)
table.sort(list, function(a, b)
  if a.phase ~= b.phase then return a.phase < b.phase end
  return a.name < b.name
end)
table.sort(list, function(a, b) return a.phase < b.phase or a.phase == b.phase and a.name < b.name end)
table.sort(list, function(a, b) return (a.mrr or 0) >= 100 and (b.mrr or 0) < 100 end)
table.sort(list, function(a, b) return a.name:lower() < b.name:lower() end)
for i = #list, 1, -1 do
  if not list[i].owner then table.remove(list, i) end
end
for i, c in ipairs(list) do
  if c.name == name then
    table.remove(list, i)
    break
  end
end
local function take(items)
  for i, item in ipairs(items) do
    if item.id == name then
      table.remove(items, i)
      return item
    end
  end
end
print(take({ { id = "x" } }))
local queue, seen = { name }, {}
for _, word in ipairs(queue) do
  if not seen[word] then
    seen[word] = true
    queue[#queue + 1] = word:upper()
  end
end
local copy = {}
for _, word in ipairs(queue) do copy[#copy + 1] = word end
print(#list, list[1], inspect(list), company, planhat.company.bulk_upsert(copy))
local point = setmetatable({ x = 1 }, { __tostring = function(p) return "x " .. p.x end })
print(point, table.concat(copy, ", "))
table.insert(copy, 1, name)
table.insert(copy, count, 2)
print((name:gsub(" ", "")), planhat.extid((name:gsub(" ", ""))), name:gsub(" ", ""))
print(string.upper(name:gsub(" ", "")))
for i, c in ipairs(list) do
  if c == company then table.remove(list, i) end
end
if why == nil or why.kind == "not_found" then print(tostring(why):find("404")) end
local stack = { 1, 2 }
for _ = 1, 3 do stack[#stack] = nil end
print(#stack)
local shared, holders = { n = 0 }, {}
for _, c in ipairs(list) do
  holders[#holders + 1] = { c = c, shared = shared }
  shared.n = shared.n + 1
end
local record
for _, c in ipairs(list) do
  record = { name = c.name }
  holders[#holders + 1] = record
end
local upper = { a = 1 }
for key, number in pairs(upper) do upper[key] = number + 1 end
for i = 1, #holders do print(i) end
if name:find("a") ~= nil or (name == "x") == true then print(shared.n) end
