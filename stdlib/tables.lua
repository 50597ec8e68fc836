--- Functions on lists and tables: `local tables = require "tables"`.
---
--- Every function returns a new table and leaves yours unchanged. A list is a
--- table with the items 1 to #list. If you name a field that no item of a list
--- has, a warning is logged, once per call in the script. `tables.deep` copies, compares
--- and merges tables with the tables in them.
local tables = {}

-- explain_missing returns what may help where no item of a list has a field.
local _, explain_missing = ...

local function check(value, kind, position, name)
  if type(value) ~= kind then
    error(("argument %d, '%s', must be a %s, not %s"):format(position, name, kind, type(value)), 3)
  end
end

-- known holds fields that the items of some list had: another list may lack
-- them. warned holds the warnings that were logged.
local known, warned = {}, {}

local function has_field(list, name)
  for i = 1, #list do
    if type(list[i]) ~= "table" or list[i][name] ~= nil then return true end
  end
  return #list == 0
end

-- Returns the place of a call at a level, to begin a warning.
local function place_of(level)
  local caller = debug.getinfo(level + 1, "Sl")
  return caller and caller.currentline > 0 and (caller.short_src .. ":" .. caller.currentline .. ": ") or ""
end

-- Warns if no item has the field that a script names. It must be called by
-- selector, and that by a function of the module: the script is at level 4.
local function expect_field(fn, list, name)
  if known[name] then return end
  if has_field(list, name) then
    known[name] = #list > 0 or nil
    return
  end
  local place = place_of(4)
  local key = place .. fn .. " " .. name
  if warned[key] or type(log) ~= "table" then return end
  warned[key] = true
  log.warn(("%stables.%s: no item of the list has the field '%s'%s"):format(place, fn, name, explain_missing(list, name)))
end

-- A selector is a function of an item, or the name of one of its fields.
local function selector(fn, list, by)
  if type(by) == "string" or type(by) == "number" then
    if type(by) == "string" then expect_field(fn, list, by) end
    return function(item) return item[by] end
  end
  if type(by) ~= "function" then
    error(("argument 2, 'by', must be a field name or a function, not %s"):format(type(by)), 3)
  end
  return by
end

-- Returns a value as a number: a number itself, or a text that is a decimal
-- number, such as a cell of a CSV file.
local function number_of(value)
  if type(value) == "number" then return value == value and value or nil end
  if type(value) == "string" and value:find("^%s*[+-]?%.?%d[%d.]*[eE]?[+-]?%d*%s*$") then
    local number = tonumber(value)
    if number and math.abs(number) < math.huge then return number end
  end
  return nil
end

-- Whole numbers from here on may be rounded.
local exact = 2 ^ 53

-- Compares numbers, also those in texts, before booleans and texts, and these as
-- they are. It returns nil for values that are equal.
local function less(x, y)
  local m, n = number_of(x), number_of(y)
  if m and n then
    if m ~= n then return m < n end
    x, y = tostring(x), tostring(y)
    if math.abs(m) < exact or x == y then return nil end
    if #x ~= #y then return (#x < #y) == (m > 0) end
    return (x < y) == (m > 0)
  end
  local a, b = m and "number" or type(x), n and "number" or type(y)
  if a ~= b then return a < b end
  if a == "boolean" then x, y = x and 1 or 0, y and 1 or 0 end
  if x == y then return nil end
  return x < y
end

-- Returns a function that warns, once for a call in the script, of a list that has
-- a number and the same number as text: these are different keys.
local function watch_keys(fn)
  local place = place_of(3)
  local seen, done = {}, type(log) ~= "table" or warned[place .. fn .. " keys"]
  return function(key)
    local n = not done and number_of(key)
    if not n then return end
    local kind = seen[n]
    if kind and kind ~= type(key) then
      done, warned[place .. fn .. " keys"] = true, true
      log.warn(("%stables.%s: the number %s and the text \"%s\" are different keys; convert one with tostring or tonumber"):format(place, fn, tostring(n), tostring(n)))
    end
    seen[n] = type(key)
  end
end

--- Returns a list of what fn returns for each item. nil is left out.
---@param list table
---@param fn fun(item: any, index: integer): any
---@return table
function tables.map(list, fn)
  check(list, "table", 1, "list")
  check(fn, "function", 2, "fn")
  local out = {}
  for i = 1, #list do
    local value = fn(list[i], i)
    if value ~= nil then out[#out + 1] = value end
  end
  return out
end

--- Returns the items for which fn returns a true value, in order.
---@param list table
---@param fn fun(item: any, index: integer): any
---@return table
function tables.filter(list, fn)
  check(list, "table", 1, "list")
  check(fn, "function", 2, "fn")
  local out = {}
  for i = 1, #list do
    if fn(list[i], i) then out[#out + 1] = list[i] end
  end
  return out
end

--- Combines all items into one value. fn gets the value so far and an item, and
--- returns the next value.
---@param list table
---@param initial any
---@param fn fun(value: any, item: any): any
---@return any
function tables.reduce(list, initial, fn)
  check(list, "table", 1, "list")
  check(fn, "function", 3, "fn")
  local value = initial
  for i = 1, #list do value = fn(value, list[i]) end
  return value
end

--- Returns the first item for which fn returns a true value, and its position;
--- nil if there is none.
---@param list table
---@param fn fun(item: any, index: integer): any
---@return any item, integer? index
function tables.find(list, fn)
  check(list, "table", 1, "list")
  check(fn, "function", 2, "fn")
  for i = 1, #list do
    if fn(list[i], i) then return list[i], i end
  end
  return nil
end

--- Adds up a field of the items, or what a function returns for each. nil counts
--- as 0, and text that is a decimal number as that number.
---@param list table
---@param by? string|fun(item: any): number?
---@return number
function tables.sum(list, by)
  check(list, "table", 1, "list")
  local value_of = by == nil and function(item) return item end or selector("sum", list, by)
  local total = 0
  for i = 1, #list do
    local value = value_of(list[i])
    if value ~= nil then
      local number = number_of(value)
      if not number then
        error(("item %d has %s, which is not a number"):format(i, tostring(value)), 2)
      end
      total = total + number
    end
  end
  return total
end

--- Groups the items by a field, or by what a function returns for them: returns
--- a table of lists. Items whose value is nil are left out. The number 5 and the
--- text "5" are different values; if a list has both, a warning is logged.
---@param list table
---@param by string|fun(item: any): any
---@return table<any, table>
function tables.group_by(list, by)
  check(list, "table", 1, "list")
  local key_of = selector("group_by", list, by)
  local groups, watch = {}, watch_keys("group_by")
  for i = 1, #list do
    local key = key_of(list[i])
    if key ~= nil then
      watch(key)
      local group = groups[key]
      if not group then
        group = {}
        groups[key] = group
      end
      group[#group + 1] = list[i]
    end
  end
  return groups
end

--- Returns a table of the items by a field, or by what a function returns for
--- them, for lookups. If several items have the same value, the last one wins. The
--- number 5 and the text "5" are different values; if a list has both, a warning is
--- logged.
---@param list table
---@param by string|fun(item: any): any
---@return table<any, any>
function tables.index_by(list, by)
  check(list, "table", 1, "list")
  local key_of = selector("index_by", list, by)
  local index, watch = {}, watch_keys("index_by")
  for i = 1, #list do
    local key = key_of(list[i])
    if key ~= nil then
      watch(key)
      index[key] = list[i]
    end
  end
  return index
end

--- Sorts the items by a field, or by what a function returns for them. Texts that
--- are decimal numbers, such as cells of a CSV file, count as numbers. Numbers come
--- before other texts, and items whose value is nil come last. Equal items keep
--- their order. With descending, the order of the values is reversed.
---@param list table
---@param by string|fun(item: any): any
---@param descending boolean?
---@return table
function tables.sort_by(list, by, descending)
  check(list, "table", 1, "list")
  local key_of = selector("sort_by", list, by)
  local entries = {}
  for i = 1, #list do entries[i] = { key = key_of(list[i]), at = i } end
  table.sort(entries, function(a, b)
    local x, y = a.key, b.key
    if x == nil or y == nil then
      if x == y then return a.at < b.at end
      return y == nil
    end
    local before = less(x, y)
    if before == nil then return a.at < b.at end
    return before ~= (descending and true or false)
  end)
  local out = {}
  for i = 1, #entries do out[i] = list[entries[i].at] end
  return out
end

--- Splits a list into lists of at most size items.
---@param list table
---@param size integer
---@return table[]
function tables.chunk(list, size)
  check(list, "table", 1, "list")
  check(size, "number", 2, "size")
  if size < 1 or size % 1 ~= 0 then
    error("argument 2, 'size', must be a whole number from 1, not " .. tostring(size), 2)
  end
  local out = {}
  for i = 1, #list do
    if (i - 1) % size == 0 then out[#out + 1] = {} end
    local last = out[#out]
    last[#last + 1] = list[i]
  end
  return out
end

--- Removes duplicates: returns the items, or those with different values of a
--- field or function. The first of each stays. The number 5 and the text "5" are
--- different values; if a list has both, a warning is logged.
---@param list table
---@param by? string|fun(item: any): any
---@return table
function tables.unique(list, by)
  check(list, "table", 1, "list")
  local key_of = by == nil and function(item) return item end or selector("unique", list, by)
  local seen, out, watch = {}, {}, watch_keys("unique")
  for i = 1, #list do
    local key = key_of(list[i])
    if key == nil or not seen[key] then
      if key ~= nil then
        watch(key)
        seen[key] = true
      end
      out[#out + 1] = list[i]
    end
  end
  return out
end

local function ordered(a, b)
  if type(a) == "table" or type(a) == "function" or type(a) == "userdata" then a = tostring(a) end
  if type(b) == "table" or type(b) == "function" or type(b) == "userdata" then b = tostring(b) end
  local before = less(a, b)
  if before == nil then return type(a) < type(b) or type(a) == type(b) and tostring(a) < tostring(b) end
  return before
end

--- Returns the keys of a table in order: numbers before texts, both ascending. Texts
--- that are decimal numbers count as numbers.
---@param t table
---@return table
function tables.keys(t)
  check(t, "table", 1, "t")
  local out = {}
  for key in pairs(t) do out[#out + 1] = key end
  table.sort(out, ordered)
  return out
end

--- Returns the values of a table in the order of tables.keys.
---@param t table
---@return table
function tables.values(t)
  check(t, "table", 1, "t")
  local out = tables.keys(t)
  for i = 1, #out do out[i] = t[out[i]] end
  return out
end

--- Returns an iterator over a table in the order of tables.keys:
--- `for key, value in tables.sorted(t) do`.
---@param t table
---@return fun(): any, any
function tables.sorted(t)
  check(t, "table", 1, "t")
  local keys, i = tables.keys(t), 0
  return function()
    i = i + 1
    if keys[i] ~= nil then return keys[i], t[keys[i]] end
  end
end

--- Merges tables: returns one with the fields of all of them, the later ones
--- winning. Inner tables are not copied.
---@param ... table?
---@return table
function tables.merge(...)
  local out = {}
  for i = 1, select("#", ...) do
    local t = select(i, ...)
    if t ~= nil then
      check(t, "table", i, "t")
      for key, value in pairs(t) do out[key] = value end
    end
  end
  return out
end

--- Returns a table with only the named fields.
---@param t table
---@param names string[]
---@return table
function tables.pick(t, names)
  check(t, "table", 1, "t")
  check(names, "table", 2, "names")
  local out = {}
  for i = 1, #names do out[names[i]] = t[names[i]] end
  return out
end

--- Returns how many fields a table has, whether or not it is a list.
---@param t table
---@return integer
function tables.count(t)
  check(t, "table", 1, "t")
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

return tables
