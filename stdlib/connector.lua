--- Declares a system that Planhat synchronizes with: `local connector = require "connector"`.
---
--- A connector says in tables what differs in value between systems, and in functions what differs
--- in shape. The engine, `sync`, does the rest. docs/connectors.md shows how to write one.
local connector = {}

local http, sync, fields = require "http", require "sync", require "connector.fields"
local back = require "connector.back"

local at, empty, absent = fields.at, fields.is_empty, fields.absent

-- Times cross as seconds; systems want them in their own form.
local formats = {
  ms = function(t) return ("%.0f"):format(t * 1000) end,
  s = function(t) return ("%.0f"):format(t) end,
  iso = function(t) return time.format(t) end,
}

local function format_of(options)
  local format = options.format or "iso"
  if type(format) == "function" then return format end
  return formats[format] or error(("unknown format %q: use ms, s, iso or a function"):format(tostring(format)), 3)
end

--- Reads what changed in a closed window of time, in the order of ids. Neither many changes at one
--- time nor changes while it is read can lose a record.
---@param options table `format` of times, `settle` and `overlap` in seconds, `id`: the path of ids, which must be numbers as text.
---@return table
function connector.window(options)
  local format = format_of(options)
  local settle, overlap, id = options.settle or 120, options.overlap or 300, options.id or "id"
  return function(stream, conn)
    stream.begin = function(began) return { to = began - settle } end
    stream.resume = function(cursor) return cursor.window or { from = cursor.to - overlap, to = conn:now() - settle } end
    stream.finish = function(_, from) return { to = from.to } end
    stream.hold = function(cursor, position) return { to = cursor.to, window = position } end
    stream.changes = function(window)
      if window.to <= window.from then return { items = {}, done = true } end
      local page = conn:page(stream.delta{ from = format(window.from), to = format(window.to), last = window.last })
      local last = page.items[#page.items]
      page.next = { from = window.from, to = window.to, last = last and tostring(at(last, id)) or window.last }
      return page
    end
  end
end

--- Reads what changed since a time, page by page.
---@param options table `format` of times, `settle` and `overlap` in seconds.
---@return table
function connector.since(options)
  local format = format_of(options)
  local settle, overlap = options.settle or 60, options.overlap or 300
  return function(stream, conn)
    stream.begin = function(began) return { since = began - settle } end
    stream.resume = function(cursor) return cursor.walk or { since = cursor.since - overlap, began = conn:now() } end
    stream.finish = function(_, from) return { since = from.began - settle } end
    stream.hold = function(cursor, position) return { since = cursor.since, walk = position } end
    stream.changes = function(walk)
      local page = conn:page(stream.delta(format(walk.since)), walk.token)
      page.next = { since = walk.since, began = walk.began, token = page.next }
      return page
    end
  end
end

--- Reads what changed after a token that the system gave with the last page.
---@param options table `expired`: the statuses that say that it has forgotten the token. Default: `{ 410 }`.
---@return table
function connector.token(options)
  local expired = {}
  for _, status in ipairs(options and options.expired or { 410 }) do expired[status] = true end
  return function(stream, conn)
    stream.begin = function(_, position) return { token = position } end
    stream.resume = function(cursor) return cursor.token end
    stream.finish = function(position) return { token = position } end
    stream.hold = function(_, position) return { token = position } end
    stream.changes = function(token)
      local ok, page = pcall(conn.page, conn, stream.delta(token))
      if ok then return page end
      if type(page) == "table" and expired[page.status] then
        log.info(("%s: the system has forgotten the position; everything is read again"):format(stream.name))
        return nil
      end
      error(page, 0)
    end
  end
end

local methods = {}
methods.__index = methods

--- Declares a system. What it returns has the methods `lookup(name, spec)`, `stream(name, spec)`, `call(request)`,
--- `page(request, token)` and `sync(options)`.
---@param options { name: string, title: string?, base: string, auth: function, version: string?, sunset: string?, rate: table?, headers: table? } The system: its name, the address of its API, how to identify to it, and how many requests it accepts.
---@return table
function connector.new(options)
  return setmetatable({
    name = options.name, title = options.title or options.name, options = options, streams = {}, order = {}, lookups = {}, skew = 0,
  }, methods)
end

--- Declares where a token comes from: an environment variable. For OAuth 2.0, see `connector.auth`.
---@param variable string The variable's name.
---@param credential function? Reads it, if the script may not.
---@return function
function connector.bearer(variable, credential)
  return function()
    local token = (credential or env.get)(variable)
    if not token then return nil, ("the environment variable %s to the token"):format(variable) end
    return { bearer = token }
  end
end

-- Replaces {name} by settings.
function methods:fill(text)
  return (text:gsub("{([%w_]+)}", function(name)
    local value = self.settings[name]
    if value == nil then value = self.options[name] end
    if value == nil then error(("%s: the setting %s is missing"):format(self.title, name), 0) end
    return tostring(value)
  end))
end

-- The address of the system's API.
function methods:base() return self:fill(self.settings.base or self.options.base) end

function methods:client()
  if not self.http then
    local options, missing = self.options.auth(self)
    if not options then error(("%s: set %s"):format(self.title, missing), 0) end
    options.base, options.rate = self:base(), self.settings.rate or self.options.rate
    options.headers = self.options.headers
    self.http = http.client(options)
  end
  return self.http
end

-- The time by the system's clock.
function methods:now() return time.now() + self.skew end

-- Learns how far the system's clock is off, from the header of a response. Small
-- differences are the time that the response took.
function methods:clock(response)
  local ok, theirs = pcall(time.parse, response.headers.date or "", { format = "rfc2822" })
  if ok and math.abs(theirs - time.now()) > 10 then self.skew = theirs - time.now() end
end

-- Sends a request and returns the response's value. A request is a table: the method and path such as
-- `get = "/accounts"`, and options of `http`.
function methods:call(request)
  local method, path
  for _, name in ipairs{ "get", "post", "put", "patch", "delete" } do
    if request[name] then method, path = name, request[name] end
  end
  local response = self:client()[method](self:client(), self:fill(path), {
    query = request.query, json = request.json, form = request.form, class = request.class,
    reads = request.reads, repeatable = request.repeatable, headers = request.headers,
  })
  self:clock(response)
  if response.status == 204 then return nil, response end
  return response:json{ nulls = true }, response
end

-- Reads one page. `items` is the path of its records, `next` that of the next page's token, which
-- the parameter `send` takes; or a function of the response's value that returns it. With `next_url`, the token is an address.
function methods:page(request, token)
  request.reads = true
  if token ~= nil and request.next_url then
    request.get, request.query = token, nil
  elseif token ~= nil then
    local into = request.json and "json" or "query"
    request[into] = request[into] or {}
    request[into][request.send] = token
  end
  local body = self:call(request)
  local items = request.items and at(body, request.items) or body
  if type(items) ~= "table" or items == absent or items == json.null then
    error(("%s: the response has no list %q, so the page cannot be read"):format(self.title, request.items), 0)
  end
  local mark = request.next or request.next_url
  local following
  if type(mark) == "function" then following = mark(body, items, token) elseif mark then following = at(body, mark) end
  if following == absent or following == json.null or following == false then following = nil end
  local done = following == nil
  if request.done then done = at(body, request.done) == true end
  return { items = items, next = following, done = done, body = body }
end

-- Declares a table of values that fields look up with `via`. It is read once in each run.
function methods:lookup(name, spec) self.lookups[name] = spec end

local function read_lookup(conn, spec)
  local found, token = {}, nil
  repeat
    local request = {}
    for key, value in pairs(spec) do request[key] = value end
    local page = conn:page(request, token)
    for _, item in ipairs(page.items) do
      local key, value = at(item, spec.key), at(item, spec.value)
      if not empty(key) and not empty(value) then found[tostring(key)] = value end
    end
    token = page.next
  until page.done
  return found
end

-- Declares a stream: `into` which model, the `map` of its properties, its `cursor`, how to `scan` all records,
-- and the `delta` of the changed ones.
function methods:stream(name, spec)
  self.streams[name] = spec
  self.order[#self.order + 1] = name
end

-- What fields need to know besides the item.
local function new_context(conn)
  local context, users, tables, counted = {}, nil, {}, {}
  function context.lookup(name)
    tables[name] = tables[name] or read_lookup(conn, conn.lookups[name])
    return tables[name]
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
  function context.unmapped(from, value)
    local key = tostring(from) .. " " .. tostring(value)
    if counted[key] then return end
    counted[key] = true
    log.warn(("%s: the value %q of %s has no counterpart in Planhat, so it was left out; add it to the map"):format(conn.title, tostring(value), tostring(from)))
  end
  return context
end

-- Returns a function that maps an item to a row.
local function new_mapper(conn, name, map, prefix, key)
  local context, mapped, names = new_context(conn), {}, {}
  for property, from in pairs(map) do
    if from then
      mapped[property] = fields.of(from)
      names[#names + 1] = property
    end
  end
  table.sort(names)
  local checked = false
  -- A path that no record has is a mistake, or a permission that is missing.
  local function check(items)
    if checked or #items == 0 then return end
    checked = true
    for _, property in ipairs(names) do
      for _, path in ipairs(mapped[property].paths) do
        local found = false
        for _, item in ipairs(items) do found = found or at(item, path) ~= absent end
        if not found and not path:find("^join%.") then
          error(("%s: no record of %s has %q, which %s is mapped to; look whether it exists, and whether the token may read it"):format(conn.title, name, path, property), 0)
        end
      end
    end
  end
  return names, check, function(item)
    local row = {}
    for _, property in ipairs(names) do
      local value, reason = mapped[property].value(item, context)
      if reason then return nil, reason end
      if property == key and not empty(value) then value = (prefix or "") .. tostring(value) end
      local own = property:match("^custom%.(.+)$")
      if own then
        row.custom = row.custom or {}
        row.custom[own] = value
      else
        row[property] = value
      end
    end
    return row
  end
end

-- Makes the engine's stream of a declared one.
local function prepare(conn, name, options)
  local spec = conn.streams[name]
  local map = {}
  for property, from in pairs(spec.map) do map[property] = from end
  for property, from in pairs(options.map and options.map[name] or {}) do map[property] = from end
  local key = spec.key or "sourceId"
  local names, check, row = new_mapper(conn, name, map, spec.prefix, key)
  local stream = { name = conn.name .. " " .. name, model = spec.into, key = key, fields = names, row = row, owned = { prefix = spec.prefix, with = spec.owned } }
  stream.paths = {}
  for _, property in ipairs(names) do
    for _, path in ipairs(fields.of(map[property]).paths) do stream.paths[#stream.paths + 1] = path end
  end
  stream.delta = spec.delta and function(...) return spec.delta(stream, ...) end
  stream.scan = function(token)
    return conn:page(spec.scan(stream, options, token), token)
  end
  stream.begin = function() return {} end
  stream.prepare = function(items)
    check(items)
    if spec.prepare then spec.prepare(conn, items, stream) end
  end
  stream.gone = spec.gone and function(position)
    return spec.gone(conn, stream, position)
  end
  if spec.cursor then spec.cursor(stream, conn) end
  return stream
end

-- Writes the fields that Planhat owns back to the records of a stream.
local function write_back(conn, name, options, space)
  local spec, owned = conn.streams[name], options.back[name]
  if not spec.back then error(("%s: nothing can be written back to %s"):format(conn.title, name), 0) end
  local map = options.map and options.map[name] or {}
  for property, from in pairs(spec.map) do if map[property] == nil then map[property] = from end end
  for field in pairs(owned) do
    for property, from in pairs(map) do
      for _, path in ipairs(from and fields.of(from).paths or {}) do
        if path:match("[^.]+$") == field then
          error(("%s: the field %s of %s is written back and also mapped to %s; each field can have one owner"):format(conn.title, field, name, property), 0)
        end
      end
    end
  end
  return back.run({
    name = conn.name .. " " .. name, model = spec.into, key = spec.key or "sourceId", prefix = spec.prefix, fields = owned, batch = spec.back.batch,
    read = function(ids) return spec.back.read(conn, ids, owned) end,
    write = function(changes) return spec.back.write(conn, changes) end,
  }, space)
end

-- Returns the streams to run, each after those that it refers to.
local function ordered(conn, wanted)
  local list, done = {}, {}
  local function add(name)
    if done[name] then return end
    done[name] = true
    local spec = conn.streams[name] or error(("%s has no stream %q; it has %s"):format(conn.title, tostring(name), table.concat(conn.order, ", ")), 0)
    if spec.after and wanted[spec.after] then add(spec.after) end
    list[#list + 1] = name
  end
  for _, name in ipairs(conn.order) do if wanted[name] then add(name) end end
  for name in pairs(wanted) do add(name) end
  return list
end

-- Reads the first page of a stream and maps it, and returns what came of it.
function methods:try(name, options)
  self.settings = options.settings or {}
  local stream = prepare(self, name, options)
  local page = stream.scan(nil)
  stream.prepare(page.items)
  local good, reason = 0, nil
  for _, item in ipairs(page.items) do
    local row, why = stream.row(item)
    if row then good = good + 1 else reason = reason or why end
  end
  if #page.items == 0 then return "no records; look at the permissions if that is wrong" end
  if reason then return ("%d of the first %d records fit; the others: %s"):format(good, #page.items, reason) end
  return ("the first %d records fit"):format(good)
end

-- Makes Planhat's records agree with the system's, and returns what was done, by stream.
function methods:sync(options)
  options = options or {}
  self.settings = options.settings or {}
  local space = ("connector %s %s"):format(self.name, options.account or "default")
  local wanted, results = {}, {}
  for _, name in ipairs(options.streams or self.order) do wanted[name] = true end
  for _, name in ipairs(ordered(self, wanted)) do
    local began = time.now()
    local counts = sync.run(prepare(self, name, options), {
      full = options.full, missing = options.missing, max_missing = options.max_missing, minutes = options.minutes, batch = options.batch,
      space = space,
    })
    results[name] = counts
    log.info(("%s %s: %d read"):format(self.title, name, counts.read), {
      created = counts.created, updated = counts.updated, unchanged = counts.unchanged, rejected = counts.rejected,
      missing = counts.missing, seconds = math.floor(time.now() - began + 0.5),
    })
  end
  for name in pairs(options.back or {}) do
    local counts = write_back(self, name, options, space)
    results[name] = results[name] or {}
    results[name].back = counts
    log.info(("%s %s: written back"):format(self.title, name), { written = counts.written, refused = counts.refused })
  end
  return results
end

return connector
