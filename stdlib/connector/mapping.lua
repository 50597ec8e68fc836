---@package
--- Turns items of another system into rows: `local mapping = require "connector.mapping"`. It is a part of `connector`.
local mapping = {}

local customers, fields = require "connector.customers", require "connector.fields"

local at, empty, absent = fields.at, fields.is_empty, fields.absent

-- Reads a table that fields look values up in. `inside` is the path of a list in each item.
local function read_lookup(conn, spec)
  local found = {}
  local function add(item)
    local key = at(item, spec.key)
    local value
    if type(spec.value) == "function" then value = spec.value(item) else value = at(item, spec.value) end
    if not empty(key) and not empty(value) then found[tostring(key)] = value end
  end
  local request = {}
  for name, value in pairs(spec) do request[name] = value end
  request.query = {}
  for name, value in pairs(spec.query or {}) do request.query[name] = value end
  conn:each(request, function(item)
    if spec.inside then
      for _, inner in ipairs(at(item, spec.inside)) do add(inner) end
    else
      add(item)
    end
  end)
  return found
end

-- Returns what fields need to know besides the item.
local function new_context(conn)
  local context, users, find, unmapped = {}, nil, nil, {}
  function context.lookup(name)
    if not conn.tables[name] then
      local spec = conn.lookups[name] or error(("%s has no lookup %q"):format(conn.title, tostring(name)), 0)
      conn.tables[name] = read_lookup(conn, spec)
    end
    return conn.tables[name]
  end
  function context.users()
    if not users then
      users = {}
      for user in planhat.user.each{ select = { "email" } } do
        if user.email then users[user.email:lower()] = user._id end
      end
    end
    return users
  end
  -- Returns Planhat's company of a customer. Those that Planhat does not have are counted.
  context.strangers, context.strange = {}, 0
  function context.company(customer)
    find = find or customers.finder()
    local id = find(customer)
    local name = tostring(customer.name or customer.domain or customer.key)
    if not id and not context.strangers[name] then
      context.strangers[name] = true
      context.strange = context.strange + 1
      if context.strange == 1 then context.stranger = name end
    end
    return id
  end
  -- Counts a value that the map of the property does not translate.
  function context.unmapped(_, value)
    local property = context.property
    unmapped[property] = unmapped[property] or {}
    unmapped[property][tostring(value)] = (unmapped[property][tostring(value)] or 0) + 1
  end
  return context, unmapped
end

--- Returns "Did you mean ...?" if the items have a name that is written almost like the last one of a path.
---@param items table[] The items.
---@param path string The path.
---@return string
function mapping.advice(items, path)
  local parent, name = path:match("^(.*)%.([^.]+)$")
  local function plain(text) return (text:lower():gsub("[%s_%-]", "")) end
  for _, item in ipairs(items) do
    local there = parent and at(item, parent) or item
    if type(there) == "table" and there ~= absent and there ~= json.null then
      for key in pairs(there) do
        if type(key) == "string" and plain(key) == plain(name or path) then return (" Did you mean %q?"):format((parent and parent .. "." or "") .. key) end
      end
    end
  end
  return ""
end

-- Returns advice about a path that lacks what most paths of the stream begin with, such as `properties`.
local function beginning(map, path)
  local counts, all = {}, 0
  for _, from in pairs(map) do
    local ok, field = pcall(fields.of, from)
    for _, other in ipairs(from and ok and field.paths or {}) do
      local first = other:match("^([^.]+)%.")
      all = all + 1
      if first and first ~= "join" then counts[first] = (counts[first] or 0) + 1 end
    end
  end
  for first, count in pairs(counts) do
    if count * 2 > all and path:sub(1, #first + 1) ~= first .. "." then return (" Did you mean %q?"):format(first .. "." .. path:match("[^.]+$")) end
  end
  return ""
end

--- Makes the mapper of a stream.
---@param conn table The connector.
---@param name string The stream's name.
---@param map table The fields by property; false leaves a property out.
---@param spec table The stream's declaration.
---@return table mapper `names` of the properties, `paths` that they read, `check(items)`, `row(item)` and `report()`.
function mapping.new(conn, name, map, spec)
  local context, unmapped = new_context(conn)
  local mapped, names, paths, key = {}, {}, {}, spec.key or "sourceId"
  for property, from in pairs(map) do
    if from then
      local ok, field = pcall(fields.of, from)
      if not ok then error(("%s %s: %s is mapped to %s; use a path such as \"name\", a function or a field of connector.fields"):format(conn.title, name, property, tostring(from)), 0) end
      mapped[property] = field
      names[#names + 1] = property
    end
  end
  table.sort(names)
  if not mapped[key] then error(("%s %s: %s must be mapped, because it says which record a row is"):format(conn.title, name, key), 0) end
  for _, property in ipairs(names) do
    for _, path in ipairs(mapped[property].paths) do paths[#paths + 1] = path end
  end
  context.sparse = spec.sparse
  local checked = false
  local mapper = { names = names, paths = paths }
  -- A path that no record has is a mistake, or a permission that is missing. If the system leaves out what is empty,
  -- only a name that is written in another way is certainly a mistake.
  function mapper.check(items)
    if checked or #items == 0 then return end
    for _, property in ipairs(names) do
      for _, path in ipairs(mapped[property].paths) do
        local found = path:find("^join%.") ~= nil
        for _, item in ipairs(items) do found = found or at(item, path) ~= absent end
        local meant = not found and mapping.advice(items, path)
        if meant == "" and not spec.sparse then meant = beginning(spec.map, path) end
        if meant and (meant ~= "" or not spec.sparse) then
          error(("%s: no record of %s has %q, which %s is mapped to; check whether it exists, and whether the token may read it.%s"):format(
            conn.title, name, path, property, meant), 0)
        end
      end
    end
    checked = true -- unless it failed: the records of another part must have them as well
  end
  -- Returns a row, or nil, why there is none, and the record's key.
  function mapper.row(item)
    local row, id = {}, mapped[key].value(item, context)
    if type(id) == "table" and id ~= json.null or type(id) == "boolean" then return nil, "the id of the record is not a text or a number" end
    local known = not empty(id) and (spec.prefix or "") .. tostring(id) or nil
    for _, property in ipairs(names) do
      context.property = property
      local value, reason = mapped[property].value(item, context)
      if reason then return nil, reason, known end
      if property == key then value = known end
      mapping.set(row, property, value)
    end
    return row
  end
  -- Warns of values without a counterpart, and returns how often there were such.
  function mapper.report()
    local sum = 0
    if context.strange > 0 then
      log.info(("%s %s: %d customers, such as %s, match no company of Planhat, by key or by domain, so nothing was linked to them"):format(conn.title, name, context.strange, context.stranger))
    end
    for property, values in pairs(unmapped) do
      for value, count in pairs(values) do
        sum = sum + count
        log.warn(("%s %s: %d records have the value %q, which the map of %s does not translate, so the property stays as it is"):format(conn.title, name, count, value, property))
      end
    end
    return sum
  end
  return mapper
end

--- Sets a property of a row, also one such as `custom.Tier`.
---@param row table The row.
---@param property string The property.
---@param value any The value.
function mapping.set(row, property, value)
  local own = property:match("^custom%.(.+)$")
  if own then
    row.custom = row.custom or {}
    row.custom[own] = value
  else
    row[property] = value
  end
end

return mapping
