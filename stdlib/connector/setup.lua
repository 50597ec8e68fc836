--- What `phscript connect` needs to know about a system: `local setup = require "connector.setup"`.
local setup = {}

local fields = require "connector.fields"

local known = {}

--- Declares how a system is connected. A connector calls it once, when it is loaded.
---@param spec { name: string, title: string, steps: string[]?, credentials: table?, ways: table?, settings: table?, connection: table, brings: string?, schedule: string?, archives: boolean?, hosts: string[]?, script: string?, test: string? } `name`: the connector's, which is also that of its module; `steps`: what to do in the system, in order; `credentials`: the environment variables, each `{ name = "HUBSPOT_TOKEN", what = "the service key" }`, with `shown = true` for what is not secret, and `file = true` for the text of a file; `ways`: if there are several, each `{ name = "key", title = "...", steps = ..., credentials = ... }`, with `settings` that only it needs, and `set`, settings that choose it; `settings`: what differs between accounts, each `{ name = "subdomain", what = "..." }`; `connection`: what `connector.new` returned; `brings`: what the script does, such as `Brings Jira's issues to Planhat.`; `schedule`: when it runs; `archives`: whether Planhat archives such records; `hosts`: the hosts that a connector of your own reaches, default that of its `base`; `script`: the script, if it is another one, with a line that ends in `sync{`; `test`: its test.
function setup.add(spec)
  local function wrong(what) error(("connector.setup.add: %s"):format(what), 3) end
  for _, field in ipairs{ "name", "title" } do
    if type(spec[field]) ~= "string" then wrong(("%s is missing"):format(field)) end
  end
  if type(spec.connection) ~= "table" or not spec.connection.order then wrong("connection must be what connector.new returned") end
  for _, way in ipairs(spec.ways or { spec }) do
    for _, one in ipairs(way.credentials or {}) do
      if type(one.name) ~= "string" or type(one.what) ~= "string" then wrong("each credential has a name and says in what what it is") end
    end
  end
  if not spec.script and (type(spec.brings) ~= "string" or type(spec.schedule) ~= "string") then wrong("brings and schedule say what the script does and when") end
  if spec.script and not spec.script:find("sync{\n", 1, true) then wrong("the script has no line that ends in sync{, after which the settings are written") end
  known[spec.name] = spec
end

-- Loads a built-in connector, and returns what a connector has declared. Those of the user's are loaded before.
local function declared(name, module)
  if not known[name] and not module then require("connectors." .. name) end
  return known[name]
end

-- Returns the hosts that a connector reaches.
local function hosts_of(spec)
  local host = spec.connection.options.base:match("^%a+://([^/]+)") or ""
  return spec.hosts or { (host:gsub("{[%w_]+}", "*")) }
end

-- Returns the script that connect writes. module is that of a connector of the user's.
local function script_of(spec, module)
  local name, calls = spec.name, module and ":" or "."
  return ([[
-- %s
-- @schedule "%s"
%slocal %s = require "%s"

%s%ssync{
  missing = "report", -- what %s no longer has: report%s or delete
}
]]):format(spec.brings, spec.schedule, module and ("-- @allow net=%s\n"):format(table.concat(hosts_of(spec), ", ")) or "",
    name, module or "connectors." .. name, name, calls, spec.title, spec.archives and ", archive" or "")
end

--- Returns how a system is connected, without its connection.
---@param name string The connector's name, such as `hubspot`.
---@param module string? The module of a connector that is not built in. It must be loaded.
---@return table
function setup.describe(name, module)
  local spec = declared(name, module)
  if not spec then return { name = name, title = name, missing = true } end
  return {
    name = name, title = spec.title, ways = spec.ways or { { steps = spec.steps, credentials = spec.credentials } }, settings = spec.settings or {},
    base = spec.connection.options.base, hosts = hosts_of(spec), script = spec.script or script_of(spec, module), test = spec.test, version = spec.connection.options.version,
    sunset = spec.connection.options.sunset, expires = spec.connection.options.expires or {}, streams = setup.streams(spec.connection),
  }
end

--- Returns the streams of a connection, with the permissions that the system's credentials need for each.
---@param connection table What `connector.new` returned.
---@return { stream: string, model: string, permissions: string[], back_permissions: string[] }[]
function setup.streams(connection)
  local list = {}
  for i, name in ipairs(connection.order) do
    local spec = connection.streams[name]
    list[i] = { stream = name, model = spec.into, permissions = json.array(spec.permissions or {}), back_permissions = json.array(spec.back_permissions or {}) }
  end
  return list
end

-- Returns the paths of a field, for people: join is what the connector put together.
local function sources(field)
  local list = {}
  for i, path in ipairs(field.paths) do list[i] = "`" .. path:gsub("^join%.", ""):gsub("^properties%.", "") .. "`" end
  return table.concat(list, ", ")
end

--- Returns how the streams of a system are mapped by default, for the guides.
---@param name string The connector's name.
---@return { stream: string, model: string, prefix: string, permissions: string[], back_permissions: string[], rows: { property: string, from: string, how: string }[] }[]
function setup.mapping(name)
  local connection, streams = declared(name).connection, {}
  for i, stream in ipairs(connection.order) do
    local spec, rows = connection.streams[stream], {}
    for property, from in pairs(spec.map) do
      if from then
        local field = fields.of(from)
        rows[#rows + 1] = { property = property, from = sources(field), how = table.concat(field.says, "; ") }
      end
    end
    local key = spec.key or "sourceId"
    table.sort(rows, function(a, b)
      if (a.property == key) ~= (b.property == key) then return a.property == key end
      return a.property < b.property
    end)
    streams[i] = {
      stream = stream, model = spec.into, prefix = spec.prefix or "", rows = rows,
      permissions = json.array(spec.permissions or {}), back_permissions = json.array(spec.back_permissions or {}),
    }
  end
  return streams
end

-- Returns the ids of the first rows under which Planhat has records already. Ids with a prefix are the connector's own.
local function taken(spec, rows)
  local ids = {}
  if spec.prefix or (spec.key or "sourceId") ~= "sourceId" then return ids end
  for i = 1, math.min(3, #rows) do
    local id = rows[i].sourceId
    if id and pcall(planhat[spec.into].get_by_id, "srcid-" .. id) then ids[#ids + 1] = tostring(id) end
  end
  return ids
end

--- Reads the first records of each stream and maps them, and returns what came of it. Nothing is written.
---@param name string The connector's name.
---@param settings table? The settings of the account.
---@param look boolean? Whether to look the first records up in Planhat: `taken` has the ids under which it has some.
---@return { stream: string, ok: boolean, message: string, hint: string?, status: number?, taken: string[]? }[]
function setup.check(name, settings, look)
  local connection, results = declared(name).connection, {}
  for i, stream in ipairs(connection.order) do
    local ok, result, rows = pcall(connection.try, connection, stream, { settings = settings or {} })
    local failed = not ok and (type(result) == "table" and result or { message = tostring(result) }) or {}
    results[i] = { stream = stream, ok = ok, message = ok and result or failed.message, hint = failed.hint, status = failed.status }
    if ok and look then results[i].taken = json.array(taken(connection.streams[stream], rows)) end
  end
  return results
end

--- Reports whether a system accepts the credentials, by reading one page of its first stream. Nothing is mapped or written.
---@param name string The connector's name.
---@param settings table? The settings of the account.
---@return { state: string, stream: string, message: string?, hint: string?, status: number?, skew: number? } `state` is `ok`, `missing` if credentials are not set, or `failed`.
function setup.probe(name, settings)
  local connection = declared(name).connection
  connection.settings = settings or {}
  local stream = connection.order[1]
  local ok, result, missing = pcall(connection.options.auth, connection)
  if ok and not result then return { state = "missing", stream = stream, message = missing } end
  if ok then ok, result = pcall(connection.first, connection, stream, { settings = settings or {} }) end
  if ok then return { state = "ok", stream = stream, skew = connection.skew } end
  if type(result) ~= "table" then result = { message = tostring(result) } end
  return { state = "failed", stream = stream, message = result.message, hint = result.hint, status = result.status }
end

--- Returns what a stand-in of a system must answer, for the skeleton of one: docs/connectors.md says how to write it.
---@param of string|table The connector's name, or what `connector.new` returned.
---@return table
function setup.skeleton(of)
  if type(of) == "string" then
    of = declared(of).connection
  end
  return require("connector.skeleton").of(of)
end

return setup
