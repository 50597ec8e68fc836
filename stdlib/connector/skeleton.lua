---@package
--- Finds out what a stand-in of a system must answer: `local skeleton = require "connector.skeleton"`. It is a part of `connector.setup`.
local skeleton = {}

local fields = require "connector.fields"

-- Runs a function with the connection's requests replaced by one that ends it, and returns the first request.
local function first_request(connection, run)
  local call, page, asked = rawget(connection, "call"), rawget(connection, "page"), nil
  local function note(_, request)
    asked = asked or request
    error("asked", 0)
  end
  connection.call, connection.page = note, note
  local ok, result = pcall(run)
  connection.call, connection.page = call, page
  return asked or (ok and type(result) == "table" and result or nil)
end

local function text(value) return type(value) == "string" and value or nil end

-- Describes a request in values that JSON has. What is computed is left out.
local function described(request)
  if not request then return nil end
  local found = {
    items = text(request.items), next = text(request.next), next_url = request.next_url == true or nil, send = text(request.send), limit = text(request.limit),
    computed = type(request.items) == "function" or type(request.next) == "function" or type(request.send) == "function",
  }
  for _, method in ipairs{ "get", "post", "put", "patch", "delete" } do
    if request[method] then found.method, found.path = method:upper(), request[method] end
  end
  local names = {}
  for name in pairs(request.query or {}) do names[#names + 1] = tostring(name) end
  table.sort(names)
  found.query, found.body = json.array(names), request.json ~= nil
  return text(found.path) and found or nil
end

-- Returns the paths that a stream's map reads, without those that the connector put together.
local function paths_of(spec)
  local known, list = {}, {}
  for _, from in pairs(spec.map) do
    for _, path in ipairs(from and fields.of(from).paths or {}) do
      if not known[path] and not path:find("^join%.") and path ~= "" then
        known[path] = true
        list[#list + 1] = path
      end
    end
  end
  table.sort(list)
  return json.array(list)
end

-- Says how requests carry the credentials.
local function authentication(connection)
  local ok, options, missing = pcall(connection.options.auth, connection)
  if not ok or not options then return { kind = "bearer", missing = ok and missing or nil } end
  if options.basic then return { kind = "basic" } end
  for name in pairs(options.headers or {}) do return { kind = "header", header = name } end
  return { kind = "bearer" }
end

--- Returns what a connection's system is asked for.
---@param connection table What `connector.new` returned.
---@return table
function skeleton.of(connection)
  connection.settings = {}
  local found = { name = connection.name, title = connection.title, base = connection.options.base, version = connection.options.version, streams = {}, auth = authentication(connection) }
  for i, name in ipairs(connection.order) do
    local spec = connection.streams[name]
    local changes
    for _, since in ipairs{ "2026-01-01T00:00:00Z", { from = "1", to = "2", last = "0" } } do
      changes = changes or spec.delta and first_request(connection, function() return spec.delta({ paths = {} }, since) end)
    end
    found.streams[i] = {
      name = name, model = spec.into, parts = spec.parts ~= nil, gone = spec.gone ~= nil, paths = paths_of(spec),
      scan = described(first_request(connection, function() return connection:first(name, {}) end)), delta = described(changes),
    }
  end
  return found
end

return skeleton
