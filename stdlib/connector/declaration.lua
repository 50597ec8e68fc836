---@package
--- Checks what a connector declares: `local declaration = require "connector.declaration"`. It is a part of `connector`.
local declaration = {}

local stream_fields = {
  after = "string", back = "table", back_permissions = "table", check = "function", choices = "function", cursor = "function", delta = "function", dense = "boolean", existing = "boolean", gone = "function", into = "string", key = "string", map = "table",
  owned = "table", owns = "function", parts = "function", permissions = "table", prefix = "string", prepare = "function", present = "function", scan = "function", sparse = "boolean", takes = "function",
}

local system_fields = {
  auth = "function", base = "string", daily = "function", expires = "table", headers = "table", name = "string", rate = "table", sunset = "string", title = "string",
  version = "string",
}

local function is_date(text) return type(text) == "string" and text:match("^%d%d%d%d%-%d%d%-%d%d$") ~= nil and pcall(time.parse, text) end

local request_fields = {}
for name in ("get post put patch delete query json form items next next_url send limit done class reads repeatable headers timeout retry_timeouts key value inside"):gmatch("%S+") do
  request_fields[name] = true
end

-- Returns how many letters differ between two words.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local corner = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      corner, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, corner + cost)
    end
  end
  return row[#b]
end

-- Returns the known name that a word was probably meant to be.
local function meant(word, names)
  local best, nearest
  for name in pairs(names) do
    local d = distance(word, name)
    if d <= 2 and d < #name / 2 and (not best or d < best or d == best and name < nearest) then best, nearest = d, name end
  end
  return nearest
end

--- Checks the declaration of a stream. A connector may have fields for itself, unless their names look like misspelled ones.
---@param title string The system's title.
---@param name string The stream's name.
---@param spec table The declaration.
function declaration.stream(title, name, spec)
  local function fail(text, ...) error(("%s, stream %s: " .. text):format(title, tostring(name), ...), 4) end
  for field, value in pairs(spec) do
    local kind = stream_fields[field]
    local other = not kind and type(field) == "string" and meant(field, stream_fields)
    if other then fail("unknown field %q; did you mean %q?", field, other) end
    if kind and type(value) ~= kind then fail("the field %q must be a %s, not a %s", field, kind, type(value)) end
  end
  for _, list in ipairs{ "permissions", "back_permissions" } do
    for _, permission in pairs(spec[list] or {}) do
      if type(permission) ~= "string" then fail("the field %q must be a list of texts, not of a %s", list, type(permission)) end
    end
  end
  for _, needed in ipairs{ "into", "map", "scan" } do
    if spec[needed] == nil then fail("the field %q is missing", needed) end
  end
  local ok, model = pcall(function() return planhat[spec.into] end)
  if not ok or type(model) ~= "table" or not model.sync_target then fail("there is no model %q into which rows can be sent", spec.into) end
  local key = spec.key or "sourceId"
  if spec.map[key] == nil then fail("the map has no %s, which says which record a row is", key) end
end

--- Checks a request.
---@param title string The system's title.
---@param request table The request.
function declaration.request(title, request)
  if type(request) ~= "table" then error(("%s: a request must be a table such as { get = \"/accounts\" }, not a %s"):format(title, type(request)), 0) end
  for field in pairs(request) do
    if not request_fields[field] then
      local other = meant(tostring(field), request_fields)
      error(("%s: unknown field %q of a request%s"):format(title, tostring(field), other and ("; did you mean %q?"):format(other) or ""), 0)
    end
  end
end

--- Checks the declaration of a system.
---@param options table The declaration.
function declaration.system(options)
  for field, kind in pairs(system_fields) do
    local value = options[field]
    if value ~= nil and type(value) ~= kind and field ~= "auth" then error(("connector.new: the field %q must be a %s, not a %s"):format(field, kind, type(value)), 3) end
  end
  if options.sunset and not (is_date(options.sunset) and options.version) then
    error("connector.new: the field \"sunset\" must be a date such as \"2028-03-31\", next to the field \"version\"", 3)
  end
  for variable, date in pairs(options.expires or {}) do
    if not is_date(date) then error(("connector.new: the field \"expires\" must have a date such as \"2028-03-31\" for %s"):format(tostring(variable)), 3) end
  end
  for field, kind in pairs{ name = "string", base = "string", auth = "function" } do
    if type(options[field]) ~= kind then
      error(("connector.new: the field %q must be a %s%s"):format(field, kind, field == "auth" and ", such as connector.bearer(\"HARBOR_TOKEN\")" or ""), 3)
    end
  end
end

return declaration
