---@package
--- Checks maps before anything is read: `local checks = require "connector.checks"`. It is a part of `connector`.
---
--- Planhat stores a property that it does not know, or drops it, so only one that is surely misspelled is an error: a tenant can have others.
--- This also applies to custom fields, because Planhat's documentation does not say whether it stores values that no field defines.
local _, _, host = ...
local checks = {}

local failures, fields, tables = require "connector.failures", require "connector.fields", require "tables"

local function fail(text, ...) error(text:format(...), 0) end

local function list_of(names)
  table.sort(names)
  return table.concat(names, ", ")
end

-- Reads Planhat's custom fields, and returns those of each model by name. Without the permission, nothing is known about them.
local function read_custom()
  local models = {}
  local ok, err = pcall(function()
    for field in planhat.custom_field.each{ select = { "name", "parent", "type", "listValues" } } do
      local parent = tostring(field.parent):lower():gsub("[_%s]", "")
      models[parent] = models[parent] or {}
      models[parent][tostring(field.name)] = field
    end
  end)
  if ok then return models end
  if type(err) ~= "table" or not failures.concerns_one{ kind = err.kind, status = err.status } then error(err, 0) end
  log.info(("Planhat's custom fields cannot be read, so the names of those that are mapped are not checked: %s"):format(tostring(err.message)))
  return false
end

-- Checks a property of Planhat, and returns the values that it can have, if these are known.
local function property(find, where, model, name)
  local own = name:match("^custom%.(.+)$")
  if not own then
    local meant, values = host.property(model, name)
    if meant then fail("%s: %s has no property %q; did you mean %q?", where, model, name, meant) end
    return values
  end
  local custom = find()
  local known = custom and (custom[model:gsub("_", "")] or {})
  if not known then return nil end
  local field = known[own]
  if not field then
    local names = tables.keys(known)
    table.sort(names)
    local meant = host.meant(own, names)
    if meant then fail("%s: Planhat has no custom field %q of %s; did you mean %q?", where, own, model, meant) end
    log.warn(("%s: Planhat has no custom field %q of %s, so it may not store the values; create the field in Planhat, or correct the name"):format(where, own, model))
  elseif field.type == "list" and not fields.is_empty(field.listValues) and #field.listValues > 0 then
    return field.listValues, true
  end
end

-- Checks the values that a field always gives. Whether Planhat rejects one that the list of a custom field does not have is not documented.
local function values_of(where, name, field, values, doubtful)
  local known = {}
  for _, value in ipairs(values) do known[value] = true end
  for value in tables.sorted(field.gives or {}) do
    if not known[value] then
      local text = ("%s: %s is mapped to the value %q, which Planhat does not have; it has %s"):format(where, name, value, list_of({ unpack(values) }))
      if not doubtful then fail("%s", text) end
      log.warn(text)
    end
  end
end

--- Checks the maps of streams, and what is written back, with what Planhat has.
---@param conn table The connector.
---@param list string[] The streams.
---@param options table The options of the run.
---@param map_of function Returns the map of a stream.
function checks.planhat(conn, list, options, map_of)
  local custom
  local function find()
    if custom == nil then custom = read_custom() end
    return custom
  end
  for _, name in ipairs(list) do
    local model = conn.streams[name].into
    local where = ("%s %s"):format(conn.title, name)
    for target, from in tables.sorted(map_of(conn, name, options)) do
      local ok, field = pcall(fields.of, from)
      if from and ok then -- others are reported with their stream
        local values, doubtful = property(find, where, model, target)
        if values then values_of(where, target, field, values, doubtful) end
      end
    end
  end
  for name, owned in tables.sorted(options.back or {}) do
    for _, to in tables.sorted(owned) do
      local target = type(to) == "table" and to[1] or to
      if type(target) == "string" then property(find, ("%s %s, back"):format(conn.title, name), conn.streams[name].into, target) end
    end
  end
end

-- Returns the values that a path can have there, or nil if that is not known. What cannot be read is reported when it is needed. In tests, nothing is known
-- that no stub answers, so a script's tests need no stub for this.
local function choices_of(conn, spec, path)
  local ok, known = pcall(spec.choices, conn, path)
  if ok then return known end
  if not failures.concerns_one(known) and known.kind ~= "not_found" then error(known, 0) end
end

--- Checks that a system has what streams need of it, and the values that their maps translate. One of the script's map that it does not have is a mistake, or was deleted. The map of
--- the connector is for all accounts, so it may have more.
---@param conn table The connector.
---@param list string[] The streams.
---@param options table The options of the run.
---@param map_of function Returns the map of a stream.
function checks.vendor(conn, list, options, map_of)
  for _, name in ipairs(list) do
    local spec, own = conn.streams[name], options.map and options.map[name] or {}
    if spec.check then spec.check(conn, options) end
    for target, from in tables.sorted(spec.choices and map_of(conn, name, options) or {}) do
      local ok, field = pcall(fields.of, from)
      local known = from and ok and field.translates and #field.paths == 1 and choices_of(conn, spec, field.paths[1])
      local strangers = {}
      for value in tables.sorted(known and field.translates or {}) do
        if not known[value] then strangers[#strangers + 1] = ("%q"):format(tostring(value)) end
      end
      if #strangers > 0 then
        local text = ("%s %s: the map of %s translates %s, which %s cannot be; it can be %s"):format(
          conn.title, name, target, table.concat(strangers, ", "), field.paths[1], list_of(tables.keys(known)))
        if own[target] ~= nil then fail("%s", text) end
        log.warn(text .. (". Map %s to the values of your account"):format(target))
      end
    end
  end
end

return checks
