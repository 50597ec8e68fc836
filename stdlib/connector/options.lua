---@package
--- Reads the options of a synchronization: `local options = require "connector.options"`. It is a part of `connector`.
local options = {}

local known = {
  account = "string", back = "table", batch = "number", filter = "table", full = "boolean", map = "table", max_missing = "number", minutes = "number", match = "string",
  missing = "string", sole_source = "boolean", only = "table", read = "table", settings = "table", since = "string", start = "string", streams = "table",
}

-- Returns a parameter of the run in the type of the option. A list is a text with commas.
local function converted(name, value)
  local kind = known[name]
  if kind == "boolean" and type(value) == "string" then return value == "true" end
  if kind == "number" then return tonumber(value) or value end
  if kind == "table" and type(value) == "string" then
    local list = {}
    for part in value:gmatch("[^,%s]+") do list[#list + 1] = part end
    return list
  end
  return value
end

local function moment(conn, name, value)
  if type(value) == "number" then return value end
  local ok, at = pcall(time.parse, value)
  if ok then return at end
  error(("%s: option '%s' takes a date as YYYY-MM-DD or a time, not %q"):format(conn.title, name, tostring(value)), 0)
end

-- Reports an unknown name with the names that there are.
local function unknown(conn, what, name, names)
  table.sort(names)
  error(("%s: unknown %s %q; there are %s"):format(conn.title, what, tostring(name), table.concat(names, ", ")), 0)
end

-- Returns the names in `only` as a set, each of which a stream must have.
local function properties(conn, given, list)
  local only, names = {}, {}
  for name, spec in pairs(conn.streams) do
    for property in pairs(spec.map) do names[property] = true end
    for property in pairs(given.map and given.map[name] or {}) do names[property] = true end
  end
  for _, property in ipairs(list) do
    if not names[property] then
      local all = {}
      for name in pairs(names) do all[#all + 1] = name end
      unknown(conn, "property in option 'only'", property, all)
    end
    only[property] = true
  end
  return only
end

--- Returns the options of a run: those of the script, and over them the parameters of the run.
---@param conn table The connector.
---@param given any The options of the script, or nil.
---@param parameters table The parameters, such as those of `phscript run --param full=true`.
---@return table
function options.read(conn, given, parameters)
  local read = {}
  for name, value in pairs(given or {}) do
    if not known[name] then
      local names = {}
      for one in pairs(known) do names[#names + 1] = one end
      unknown(conn, "option", name, names)
    end
    read[name] = value
  end
  local over = {
    full = parameters.full, since = parameters.since, only = parameters.only, streams = parameters.streams, minutes = parameters.minutes,
    missing = parameters.missing, max_missing = parameters.max_missing, sole_source = parameters.sole_source,
  }
  for name, value in pairs(over) do read[name] = converted(name, value) end
  for name, value in pairs(read) do
    if type(value) ~= known[name] and not (name == "since" or name == "start") then
      error(("%s: option '%s' must be a %s, not %s"):format(conn.title, name, known[name], type(value)), 0)
    end
  end
  for _, name in ipairs{ "map", "back", "filter", "read" } do
    for stream in pairs(read[name] or {}) do
      if not conn.streams[stream] then unknown(conn, ("stream in option '%s'"):format(name), stream, { unpack(conn.order) }) end
    end
  end
  local actions = { report = true, archive = true, delete = true, ignore = true }
  if read.missing and not actions[read.missing] then unknown(conn, "value of option 'missing':", read.missing, { "report", "archive", "delete", "ignore" }) end
  if read.match and read.match ~= "key" and read.match ~= "all" then unknown(conn, "value of option 'match':", read.match, { "all", "key" }) end
  if read.max_missing and not (read.max_missing >= 0 and read.max_missing <= 1) then
    error(("%s: option 'max_missing' is a share from 0 to 1, such as 0.05, not %g"):format(conn.title, read.max_missing), 0)
  end
  for name, value in pairs(read.settings or {}) do
    if type(name) ~= "string" then error(("%s: option 'settings' takes names and values, such as { %s = %q }"):format(conn.title, "base", tostring(value)), 0) end
  end
  if read.only then read.only = properties(conn, read, read.only) end
  for _, name in ipairs{ "since", "start" } do
    if read[name] then read[name] = moment(conn, name, read[name]) end
  end
  return read
end

--- Returns a copy of the options of a script without `companies`, which says how a connector finds the companies of its records. Each of its ways has `streams`, which run
--- by default, and changes of the `map`; those of the script come on top.
---@param title string The system's title.
---@param given table? The options of the script.
---@param ways table<string, { streams: string[]?, map: table? }> The ways by their names.
---@param usual string The way by default.
---@return table
function options.by_companies(title, given, ways, usual)
  local own, name = {}, given and given.companies or usual
  local way = ways[name]
  if not way then
    local names = {}
    for one in pairs(ways) do names[#names + 1] = ("%q"):format(one) end
    table.sort(names)
    local last = table.remove(names)
    error(("%s: companies must be %s or %s, not %q"):format(title, table.concat(names, ", "), last, tostring(name)), 3)
  end
  for option, value in pairs(given or {}) do own[option] = value end
  own.companies, own.streams, own.map = nil, own.streams or way.streams, {}
  for _, changes in ipairs{ way.map or {}, given and given.map or {} } do
    for stream, properties in pairs(changes) do
      own.map[stream] = own.map[stream] or {}
      for property, from in pairs(properties) do own.map[stream][property] = from end
    end
  end
  return own
end

--- Checks a setting that is the first part of a system's address, such as `acme`, and returns the settings.
---@param title string The system's title.
---@param given table? The options of the script.
---@param name string The setting's name.
---@param domain string What follows in the address, such as `zendesk.com`.
---@return table
function options.with_address(title, given, name, domain)
  local settings = given and given.settings or {}
  if type(settings[name]) ~= "string" or not settings[name]:match("^[%w-]+$") then
    error(("%s: set settings.%s to the first part of your %s's address, such as \"acme\" for acme.%s"):format(title, name, title, domain), 3)
  end
  return settings
end

return options
