--- Functions on tables with the tables in them: `local deep = require "tables.deep"`.
---
--- Every function returns a new table and leaves yours unchanged.
local deep = {}

local function check(value, kind, position, name)
  if type(value) ~= kind then
    error(("argument %d, '%s', must be a %s, not %s"):format(position, name, kind, type(value)), 3)
  end
end

--- Returns a list of the items of a list and of the lists in it, at any depth or at most
--- depth levels deep. Tables with named fields, such as records, stay items.
---@param list table
---@param depth integer?
---@return table
function deep.flatten(list, depth)
  check(list, "table", 1, "list")
  if depth ~= nil then check(depth, "number", 2, "depth") end
  local out, open = {}, {}
  local function add(items, left)
    if open[items] then error("the list contains itself", 3) end
    open[items] = true
    for i = 1, #items do
      local item = items[i]
      if type(item) == "table" and left > 0 and (item[1] ~= nil or next(item) == nil) then
        add(item, left - 1)
      else
        out[#out + 1] = item
      end
    end
    open[items] = nil
  end
  add(list, depth or math.huge)
  return out
end

--- Copies a table with all tables in it, so changes of the copy leave the original
--- unchanged. Metatables are shared.
---@param t table
---@return table
function deep.copy(t)
  check(t, "table", 1, "t")
  local copies = {}
  local function copy(value)
    if type(value) ~= "table" then return value end
    if copies[value] then return copies[value] end
    local out = {}
    copies[value] = out
    for key, inner in pairs(value) do out[copy(key)] = copy(inner) end
    return setmetatable(out, getmetatable(value))
  end
  return copy(t)
end

--- Reports whether two values are equal. Tables are equal if they have the same fields with
--- equal values.
---@param a any
---@param b any
---@return boolean
function deep.equal(a, b)
  local compared = {}
  local function equal(x, y)
    if rawequal(x, y) then return true end
    if type(x) ~= "table" or type(y) ~= "table" then return x == y end
    local with = compared[x] or {}
    if with[y] then return true end -- further out
    with[y], compared[x] = true, with
    for key, value in pairs(x) do
      if not equal(value, y[key]) then return false end
    end
    for key in pairs(y) do
      if x[key] == nil then return false end
    end
    return true
  end
  return equal(a, b)
end

--- Compares two tables, such as a record before and after: returns a table of the fields
--- that differ, each with its old and its new value. Tables in them are compared by their
--- fields.
---@param old table
---@param new table
---@return table<any, { old: any, new: any }>
function deep.diff(old, new)
  check(old, "table", 1, "old")
  check(new, "table", 2, "new")
  local out = {}
  for key, value in pairs(old) do
    if not deep.equal(value, new[key]) then out[key] = { old = value, new = new[key] } end
  end
  for key, value in pairs(new) do
    if old[key] == nil then out[key] = { new = value } end
  end
  return out
end

--- Merges tables as `tables.merge` does, and also the tables with named fields in them. Lists
--- are replaced as a whole.
---@param ... table?
---@return table
function deep.merge(...)
  local function merge(out, t, depth)
    if depth > 100 then error("the tables are nested deeper than 100 levels", 0) end
    for key, value in pairs(t) do
      local before = out[key]
      if type(value) == "table" and type(before) == "table" and value[1] == nil and before[1] == nil and next(value) ~= nil then
        merge(before, value, depth + 1)
      else
        out[key] = type(value) == "table" and deep.copy(value) or value
      end
    end
  end
  local out = {}
  for i = 1, select("#", ...) do
    local t = select(i, ...)
    if t ~= nil then
      check(t, "table", i, "t")
      merge(out, t, 1)
    end
  end
  return out
end

return deep
