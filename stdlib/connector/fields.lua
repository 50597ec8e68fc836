--- Computes the properties of Planhat's records from the items of another system: `local fields = require "connector.fields"`.
---
--- A property is mapped to a path such as `"properties.name"`, to a function of the item, or to a field that this module makes.
--- Where an item has null or an empty text, the property is cleared in Planhat, unless a field says otherwise. Where it has nothing at all,
--- the property stays as it is, unless the stream is declared with `sparse = true`: then the system leaves out what is empty.
local fields = {}

local html = require "html"

--- What a path leads to that an item does not have.
---@type table
fields.absent = {}

--- Returns the value at a path such as `properties.name`: `json.null` where the item has null, and
--- `fields.absent` where it has nothing.
---@param item table The item.
---@param path string The path.
---@return any
function fields.at(item, path)
  local value = item
  for name in path:gmatch("[^.]+") do
    if type(value) ~= "table" then return value == nil and fields.absent or json.null end
    value = value[tonumber(name) or name]
    if value == nil then return fields.absent end
    if value == json.null then return json.null end
  end
  return value
end

--- Reports whether a value is nil, absent, null or an empty text.
---@param value any The value.
---@return boolean
function fields.is_empty(value) return value == nil or value == fields.absent or value == json.null or value == "" end

local at, empty = fields.at, fields.is_empty

-- A field computes a property of a row from an item. It returns nil to leave the property
-- as it is, and nil and a reason to reject the row.
local field = {}
field.__index = field

-- says tells how the value comes about, in words for the tables of the guides.
local function new_field(paths, value, says) return setmetatable({ paths = paths, value = value, says = says or {} }, field) end

-- Returns what a field says, and more.
local function more(from, text)
  local says = {}
  for i, said in ipairs(from.says) do says[i] = said end
  says[#says + 1] = text
  return says
end

-- Returns a value as the guides show it.
local function shown(value)
  if value == json.null then return "nothing" end
  return "`" .. tostring(value) .. "`"
end

--- Makes a field of a path or a function. A function gets an item, and returns a value; nil leaves the property as it is, and nil with a
--- reason rejects the record.
---@param from any A path, a function or a field.
---@return table
function fields.of(from)
  if type(from) == "string" then
    return new_field({ from }, function(item, context)
      local value = at(item, from)
      -- What a response does not have at all says nothing, unless the system leaves out what is empty.
      if value == fields.absent and not (context and context.sparse) then return nil end
      if empty(value) then return json.null end
      return value
    end)
  end
  if type(from) == "function" then return new_field({}, from, { "computed" }) end
  if getmetatable(from) == field then return from end
  error("a property must be mapped to a path, such as \"properties.name\", to a function, or to a field of connector.fields", 3)
end

-- Returns the texts among values as the keys of a table, with others.
local function texts_of(values, others)
  local texts = {}
  for text in pairs(others or {}) do texts[text] = true end
  for _, value in pairs(values) do
    if type(value) == "string" then texts[value] = true end
  end
  return texts
end

-- Returns a field that does something with the value of another one.
local function derived(from, value, says)
  local made = new_field(from.paths, value, says)
  made.translates, made.gives = from.translates, from.gives
  return made
end

--- Describes a function or a field in the table of the mapping.
---@param text string How the value comes about, such as `the agents' page`.
---@param from any A path, a function or a field.
---@return table
function fields.about(text, from)
  from = fields.of(from)
  local described = derived(from, from.value, { text })
  described.model, described.described = from.model, true
  return described
end

-- Returns a field that changes the value of another one, unless that is empty.
local function changed(from, change, says)
  from = fields.of(from)
  local made = derived(from, function(item, context)
    local value, reason = from.value(item, context)
    if empty(value) then return value, reason end
    return change(value, item, context)
  end, says and more(from, says) or from.says)
  made.gives = nil
  return made
end

--- Keeps what Planhat has where the other system has no value.
---@param from any A path, a function or a field.
---@return table
function fields.keep(from)
  from = fields.of(from)
  return derived(from, function(item, context)
    local value, reason = from.value(item, context)
    if value == json.null then return nil end
    return value, reason
  end, more(from, "kept if there is none"))
end

--- Uses a value where the other system has none.
---@param from any A path, a function or a field.
---@param value any The value.
---@return table
function fields.default(from, value)
  from = fields.of(from)
  local made = derived(from, function(item, context)
    local found, reason = from.value(item, context)
    if reason or not empty(found) then return found, reason end
    return value
  end, more(from, "otherwise " .. shown(value)))
  made.gives = texts_of({ value }, from.gives)
  return made
end

--- Always uses the same value.
---@param value any The value.
---@return table
function fields.constant(value)
  local made = new_field({}, function() return value end, { "always " .. shown(value) })
  made.gives = texts_of({ value })
  return made
end

--- Rejects a record that has no value.
---@param from any A path, a function or a field.
---@param reason string What is missing.
---@return table
function fields.required(from, reason)
  from = fields.of(from)
  return derived(from, function(item, context)
    local value, why = from.value(item, context)
    if why or empty(value) then return nil, why or reason end
    return value
  end, more(from, "required"))
end

--- Converts text to a number.
---@param from any A path, a function or a field.
---@return table
function fields.number(from)
  return changed(from, function(value)
    local number = tonumber(value)
    if not number then return nil, ("%q is not a number"):format(tostring(value)) end
    return number
  end)
end

--- Converts `"true"` and `"false"` to a boolean.
---@param from any A path, a function or a field.
---@return table
function fields.boolean(from)
  return changed(from, function(value) return value == true or value == "true" end)
end

--- Converts a date or time, also one in milliseconds, to Planhat's form.
---@param from any A path, a function or a field.
---@return table
function fields.date(from)
  return changed(from, function(value)
    if tonumber(value) then value = tonumber(value) / (tonumber(value) > 1e11 and 1000 or 1) end
    local ok, text = pcall(time.format, value)
    if not ok then return nil, ("%q is not a date"):format(tostring(value)) end
    return text
  end)
end

--- Translates values. Those that the table does not have are counted, and leave the property as it is.
---@param from any A path, a function or a field.
---@param values table<string, any> Planhat's values by those of the other system.
---@return table
function fields.enum(from, values)
  local pairs_of = {}
  for value, translated in pairs(values) do pairs_of[#pairs_of + 1] = ("%s → %s"):format(shown(value), shown(translated)) end
  table.sort(pairs_of)
  local field = changed(from, function(value, _, context)
    local translated = values[tostring(value)]
    if translated == nil then
      context.unmapped(from, value)
      return nil
    end
    return translated
  end, table.concat(pairs_of, ", "))
  field.translates, field.gives = values, texts_of(values)
  return field
end

--- Looks a value up in a table that was declared with `lookup`.
---@param name string The lookup's name.
---@param from any A path, a function or a field.
---@return table
function fields.via(name, from)
  return changed(from, function(value, _, context)
    local found = context.lookup(name)[tostring(value)]
    if found == nil then return json.null end
    return found
  end, "by the list of " .. name)
end

--- Finds the Planhat user with an e-mail address.
---@param from any A path, a function or a field.
---@return table
function fields.user(from)
  return changed(from, function(value, _, context)
    return context.users()[tostring(value):lower()] or json.null
  end, "the user with this e-mail address")
end

--- Computes a value from several paths. The function gets a value for each path, nil where an item has none, and returns one as the functions of `of` do.
--- A plain function in a map gets what other fields of the map read; this one says what it needs.
---@param paths string[] The paths.
---@param compute function The function.
---@return table
function fields.compute(paths, compute)
  return new_field(paths, function(item)
    local values = {}
    for i, path in ipairs(paths) do
      local value = at(item, path)
      if not empty(value) then values[i] = value end
    end
    return compute(unpack(values, 1, #paths))
  end, { "computed" })
end

--- Refers to the record of another stream, by the id that it has in the other system.
---@param model string The model, such as `company`.
---@param from any A path, a function or a field.
---@param prefix string? What begins the ids in Planhat.
---@return table
function fields.ref(model, from, prefix)
  local reference = fields.keep(changed(from, function(value) return "srcid-" .. (prefix or "") .. tostring(value) end, "the " .. model .. " with this id"))
  reference.model = model
  return reference
end

--- Converts HTML to plain text.
---@param from any A path, a function or a field.
---@return table
function fields.text(from)
  return changed(from, function(value)
    local text = html.text(tostring(value))
    return text ~= "" and text or json.null
  end, "as plain text")
end

--- Finds Planhat's companies for a list of customers, each with a `key`, which is the `externalId` or `sourceId` of a company, or a `domain`, and a `name`
--- for the log. The property stays as it is when Planhat has none of them.
---@param from any A path, a function or a field.
---@return table
function fields.companies(from)
  return changed(from, function(list, _, context)
    local ids, known = json.array{}, {}
    for _, customer in ipairs(list) do
      local id = context.company(customer)
      if id and not known[id] then
        known[id] = true
        ids[#ids + 1] = id
      end
    end
    if #ids == 0 then return nil end
    table.sort(ids)
    return ids
  end, "the companies with these keys or domains")
end

--- Finds Planhat's company of a customer by its key or domain, as `companies` does. The property stays as it is if there is none.
---@param from any A path, a function or a field with a table `{ key = ..., domain = ..., name = ... }`.
---@return table
function fields.company(from)
  return fields.keep(changed(from, function(customer, _, context) return context.company(customer) end, "the company with this key or domain"))
end

--- Returns a domain in the form that all systems agree on: lower case, without `www.`, scheme and path.
---@param text string The domain, or an address.
---@return string
function fields.domain(text)
  text = tostring(text):lower():gsub("^%s+", ""):gsub("%s+$", ""):gsub("^%a+://", ""):gsub("[/?#:].*$", "")
  return (text:gsub("^www%.", ""):gsub("%.$", ""))
end

--- Collects domains: lower case, without `www.`, each once. Several in one text are separated by `;` or `,`.
---@param ... any Paths, functions or fields.
---@return table
function fields.domains(...)
  local sources, paths = {}, {}
  for i, from in ipairs{ ... } do
    sources[i] = fields.of(from)
    for _, path in ipairs(sources[i].paths) do paths[#paths + 1] = path end
  end
  return new_field(paths, function(item, context)
    local list, known, said = json.array{}, {}, false
    for _, source in ipairs(sources) do
      local value = source.value(item, context)
      said = said or value ~= nil
      if not empty(value) then
        for part in tostring(value):gmatch("[^;,%s]+") do
          local domain = fields.domain(part)
          if domain:find("%.") and not known[domain] then
            known[domain] = true
            list[#list + 1] = domain
          end
        end
      end
    end
    if not said then return nil end
    return list
  end, more(sources[1].described and sources[1] or { says = {} }, "as domains, without `www.`"))
end

return fields
