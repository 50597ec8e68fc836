--- Declares a system that Planhat synchronizes with: `local connector = require "connector"`.
---
--- A connector says in tables what differs in value between systems, and in functions what differs
--- in shape. The engine, `sync`, does the rest. docs/connectors.md shows how to write one.
local connector = {}

local _, _, host = ...

local http, sync, fields = require "http", require "sync", require "connector.fields"
local back, cursors, mapping, options_of = require "connector.back", require "connector.cursors", require "connector.mapping", require "connector.options"
local claims, declaration, failures, streams = require "connector.claims", require "connector.declaration", require "connector.failures", require "connector.streams"
local checks, pages, positions = require "connector.checks", require "connector.pages", require "connector.positions"

local at, absent = fields.at, fields.absent

--- Reads what changed in a closed window of time, in the order of ids. Neither many changes at one
--- time nor changes while it is read can lose a record.
---@param options table `format` of times, `settle` and `overlap` in seconds, `id`: the path of ids, which must be numbers as text.
---@return function
function connector.window(options) return cursors.window(options) end

--- Reads what changed since a time, page by page.
---@param options table `format` of times, `settle` and `overlap` in seconds.
---@return function
function connector.since(options) return cursors.since(options) end

--- Reads what changed after a token that the system gave with the last page.
---@param options table? `expired`: the statuses that say that it has forgotten the token, default `{ 410 }`; `from`: returns the token of a time in seconds, if there is one.
---@return function
function connector.token(options) return cursors.token(options) end

local methods = {}
methods.__index = methods

--- Declares a system. What it returns has the methods `lookup(name, spec)`, `stream(name, spec)`, `call(request)`,
--- `page(request, token)`, `each(request, use)` and `sync(options)`.
---@param options { name: string, title: string?, base: string, auth: function, version: string?, sunset: string?, expires: table?, rate: table?, headers: table?, daily: function? } The system: its name, the address of its API, how to authenticate with it, how many requests it accepts, the version of its API and the date as YYYY-MM-DD at which that ends. `expires` has the dates at which the system refuses what a variable holds. `daily` gets the value of a response with status 429, and reports whether no more requests are accepted today.
---@return table
function connector.new(options)
  declaration.system(options)
  return setmetatable({
    name = options.name, title = options.title or options.name, options = options, streams = {}, order = {}, lookups = {},
    skew = 0, heard = false, sizes = {}, tables = {}, readings = {},
  }, methods)
end

--- Declares where a token comes from: an environment variable. For OAuth 2.0, see `connector.auth`.
---@param variable string The variable's name.
---@param credential function? Reads the variable if the script is not allowed to.
---@return function
function connector.bearer(variable, credential)
  return function()
    local token = (credential or env.get)(variable)
    if not token then return nil, ("the environment variable %s to the token"):format(variable) end
    return { bearer = token }
  end
end

--- Declares where a key comes from that a header other than `Authorization` carries: an environment variable.
---@param header string The header's name.
---@param variable string The variable's name.
---@param credential function? Reads the variable if the script is not allowed to.
---@return function
function connector.header(header, variable, credential)
  return function()
    local key = (credential or env.get)(variable)
    if not key then return nil, ("the environment variable %s to the key"):format(variable) end
    return { headers = { [header] = key } }
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
    if not options then host.unset(("%s: set %s"):format(self.title, missing)) end
    options.base, options.rate = self:base(), self.settings.rate or self.options.rate
    options.headers = options.headers or {}
    for name, value in pairs(self.options.headers or {}) do options.headers[name] = value end
    self.http = http.client(options)
  end
  return self.http
end

-- The time by the system's clock.
function methods:now() return time.now() + self.skew end

-- Learns how far the system's clock is off, from the header of a response. Small
-- differences are the time that the response took.
function methods:clock(response)
  local ok, theirs = pcall(time.parse, response.headers.date or "")
  if ok then
    local off = theirs - time.now()
    self.skew = math.abs(off) > 10 and off or 0
  end
  self.heard = true
end

-- The names by which systems give their code of an error, and the number under which their support finds it.
local codes = { "category", "errorCode", "error_code", "code", "errorType" }
local traces = { "correlationId", "requestId", "request_id", "trace_id" }

local function first_text(body, names)
  for _, name in ipairs(names) do
    local value = body[name]
    if (type(value) == "string" or type(value) == "number") and value ~= "" then return tostring(value) end
  end
end

local advice = {
  [401] = "check the credentials: they are unknown, or have expired",
  [403] = "give the credentials the permission that the message names",
}

-- Says in an error of a request what the system is, and what to do.
function methods:explain(err)
  local ok, body = pcall(json.decode, err.body or "")
  if not ok or type(body) ~= "table" then body = {} end
  local about = {}
  local code, trace = first_text(body, codes), first_text(body, traces)
  if code and not tostring(err.message):find(code, 1, true) then about[#about + 1] = code end
  if trace then about[#about + 1] = "id " .. trace end
  local said = #about > 0 and (" [%s]"):format(table.concat(about, ", ")) or ""
  local wait = err.retry_after or 0
  if err.status == 429 and (wait > 300 or self.options.daily and self.options.daily(body)) then
    err.message = ("%s accepts no more requests for now: %s%s"):format(self.title, err.message, said)
    err.hint = wait > 300 and ("run it again in %d minutes"):format(math.ceil(wait / 60)) or "run it again tomorrow"
    return
  end
  err.message = ("%s: %s%s"):format(self.title, err.message, said)
  local retired = tostring(err.message):find("has been retired", 1, true)
  if (err.status == 410 or retired) and self.options.version then
    local ended = self.options.sunset and time.now() >= time.parse(self.options.sunset)
    err.hint = ("version %s of the API %s; look for a newer phscript"):format(self.options.version, ended and "ended on " .. self.options.sunset or "may have ended")
  elseif advice[err.status] and not err.hint then
    err.hint = advice[err.status]
  end
end

-- Sends a request and returns the response's value. A request is a table: the method and path such as
-- `get = "/accounts"`, and options of `http`.
function methods:call(request)
  declaration.request(self.title, request)
  local method, path
  for _, name in ipairs{ "get", "post", "put", "patch", "delete" } do
    if request[name] then method, path = name, request[name] end
  end
  local client = self:client()
  local ok, response = pcall(client[method], client, self:fill(path), {
    query = request.query, json = request.json, form = request.form, class = request.class, reads = request.reads,
    repeatable = request.repeatable, headers = request.headers, timeout = request.timeout, retry_timeouts = request.retry_timeouts,
  })
  if not ok then
    if type(response) == "table" and response.message then self:explain(response) end
    error(response, 0)
  end
  self:clock(response)
  if response.withheld then self.withheld = true end
  if response.status == 204 or response.withheld then return nil, response end
  return response:json{ nulls = true }, response
end

-- Returns the part of a request that has its page size, and the size's name there. `limit` can be a path, such as `pagination.per_page`.
local function sized_by(request, into)
  local part, name = request[into], request.limit
  while part and name and name:find(".", 1, true) do
    local outer, inner = name:match("^([^.]+)%.(.+)$")
    part, name = part[outer], inner
  end
  return name and part, name
end

-- Halves the page size of a request that failed because it asked for too much, and reports whether it did.
local function halve(conn, request, sized, name, err)
  if type(err) ~= "table" or not (err.status == 413 or err.kind == "timeout" and err.retryable) then return false end
  if not sized or sized[name] <= 1 then return false end
  sized[name] = math.floor(sized[name] / 2)
  conn.sizes[request.get or request.post] = sized[name]
  log.info(("%s: a page was too large, so pages have %d records from here on"):format(conn.title, sized[name]))
  return true
end

-- Reads one page. `items` is the path of its records, `next` that of the next page's token, which
-- the parameter `send` takes, or the function `send` puts into the request; or a function of the response's value that returns it. With `next_url`, the token is an address.
-- `limit` names the parameter with the number of records, or is its path; it is halved when a page is too large.
function methods:page(request, token)
  request.reads = true
  local into = request.json and "json" or "query"
  if token ~= nil and request.next_url then
    request.get, request.query, request.limit = token, nil, nil
  elseif token ~= nil and type(request.send) == "function" then
    request.send(request, token)
  elseif token ~= nil then
    request[into] = request[into] or {}
    request[into][request.send] = token
  end
  local sized, name = sized_by(request, into)
  local size = self.sizes[request.get or request.post]
  if sized and size then sized[name] = math.min(sized[name], size) end
  local ok, body
  repeat
    request.retry_timeouts = not (sized and sized[name] > 1)
    ok, body = pcall(self.call, self, request)
  until ok or not halve(self, request, sized, name, body)
  if not ok then error(body, 0) end
  local items = pages.items(self.title, body, request.items, request.get or request.post)
  local mark = request.next or request.next_url
  local following
  if type(mark) == "function" then following = mark(body, items, token) elseif mark then following = at(body, mark) end
  local meant = following == absent and type(mark) == "string" and mapping.advice({ body }, mark)
  if meant and meant ~= "" then
    error(("%s: the response to %s has no %q, which reports whether there are more pages.%s"):format(self.title, request.get or request.post, mark, meant), 0)
  end
  if following == absent or following == json.null or following == false then following = nil end
  local done = following == nil
  if request.done then done = at(body, request.done) == true end
  return { items = items, next = following, done = done, body = body }
end

-- Calls use with each record of a list, on all pages. `first` is the first page, if it is known.
function methods:each(request, use, first) pages.each(self, request, use, first) end

-- Declares a table of values that fields look up with `via`. It is read once in each run.
function methods:lookup(name, spec) self.lookups[name] = spec end

-- Declares a stream: `into` which model, the `map` of its properties, its `cursor`, how to `scan` all records,
-- and the `delta` of the changed ones.
function methods:stream(name, spec)
  declaration.stream(self.title, name, spec)
  self.streams[name] = spec
  self.order[#self.order + 1] = name
end

-- Returns the map of a stream with the changes of the options.
local function map_of(conn, name, options)
  local map = {}
  for property, from in pairs(conn.streams[name].map) do map[property] = from end
  for property, from in pairs(options.map and options.map[name] or {}) do map[property] = from end
  return map
end

-- Makes the engine's stream of a declared one. refer names companies that have other systems' keys, and book is the ledger of its two-way fields, if it has some.
local function prepare(conn, name, options, refer, book)
  local spec, key = conn.streams[name], conn.streams[name].key or "sourceId"
  local map = map_of(conn, name, options)
  if options.only then
    for property in pairs(map) do
      if property ~= key and not options.only[property] then map[property] = nil end
    end
  end
  local mapper, filter = mapping.new(conn, name, map, spec), options.filter and options.filter[name]
  local stream = { name = conn.name .. " " .. name, model = spec.into, key = key, fields = mapper.names, paths = mapper.paths,
    owned = { prefix = spec.prefix, with = spec.owned }, report = mapper.report, refer = refer, existing = spec.existing }
  if key == "sourceId" and not spec.existing and options.match ~= "key" then stream.match = claims.property(spec.into, mapper.names) end
  for _, path in ipairs(options.read and options.read[name] or {}) do stream.paths[#stream.paths + 1] = path end
  function stream.row(item)
    if filter and not filter(item) then return nil end
    local row, reason, id = mapper.row(item)
    if row and book then book:receive(row, item, row[key]) end
    return row, reason, id
  end
  if book then
    stream.complete = function(row, id, target) book:complete(row, id, target) end
    stream.accepted = function(id) book:accepted(id) end
    stream.settled = function() book:save() end
  end
  stream.delta = spec.delta and function(...) return spec.delta(stream, ...) end
  stream.scan = function(token, part)
    local page = conn:page(spec.scan(stream, options, token, part), token)
    mapper.check(page.items)
    return page
  end
  stream.begin = function() return {} end
  stream.prepare = function(items)
    if spec.dense then mapper.check(items) end
    if spec.prepare then spec.prepare(conn, items, stream) end
  end
  stream.parts = spec.parts and function() return spec.parts(conn, options) end
  stream.owns = spec.owns and function(known) return spec.owns(conn, known) end
  stream.present = spec.present and function(ids) return spec.present(conn, ids) end
  stream.gone = spec.gone and function(position, how) return spec.gone(conn, stream, position, how) end
  if spec.cursor then spec.cursor(stream, conn) end
  return stream
end

-- Warns when the version of the API ends soon.
local function warn_of_end(conn)
  local sunset = conn.options.sunset
  if not sunset then return end
  local days = math.floor((time.parse(sunset) - time.now()) / 86400)
  if days < 0 then
    log.warn(("%s: version %s of the API ended on %s; look for a newer phscript"):format(conn.title, conn.options.version or "", sunset))
  elseif days <= 90 then
    log.warn(("%s: version %s of the API ends on %s, in %d days; look for a newer phscript"):format(conn.title, conn.options.version or "", sunset, days))
  end
end

-- Reads the first page of a stream.
function methods:first(name, options)
  self.settings = options.settings or {}
  local stream = prepare(self, name, options)
  stream.trial = true
  local parts = stream.parts and stream.parts()
  if parts and not parts[1] then return stream, { items = {} } end
  return stream, stream.scan(nil, parts and parts[1])
end

-- Reads the first page of a stream and maps it, and returns what came of it, and the rows.
function methods:try(name, options)
  local stream, page = self:first(name, options)
  local rows = {}
  stream.prepare(page.items)
  local good, reason = 0, nil
  for _, item in ipairs(page.items) do
    local row, why = stream.row(item)
    if row then
      good = good + 1
      rows[good] = row
    else
      reason = reason or why
    end
  end
  if #page.items == 0 then return "no records; look at the permissions if that is wrong", rows end
  if reason then return ("%d of the first %d records fit; the others: %s"):format(good, #page.items, reason), rows end
  return ("the first %d records fit"):format(good), rows
end

-- Makes Planhat's records agree with the system's, and returns what was done, by stream.
function methods:sync(given)
  local options = options_of.read(self, given, params)
  self.settings = options.settings or {}
  warn_of_end(self)
  local space = ("connector %s %s"):format(self.name, options.account or "default")
  local results, wanted, refer = {}, {}, claims.referrer(self, space)
  self.places = {}
  for _, name in ipairs(options.streams or self.order) do wanted[name] = true end
  local list = streams.ordered(self, wanted)
  checks.planhat(self, list, options, map_of)
  local books = {}
  for name, owned in pairs(options.back or {}) do
    books[name] = back.open(self, name, owned, map_of(self, name, options), space)
  end
  self:client() -- what is missing for all streams is not a failure of one
  checks.vendor(self, list, options, map_of)
  local ends, kept = options.minutes and time.now() + options.minutes * 60, failures.new()
  local function run_stream(i, name)
    local began, book = time.now(), books[name] and books[name].two_way and books[name]
    if book then book:write("both") end
    local stream = prepare(self, name, options, refer, book)
    stream.takes = positions.takes(self, name, options)
    stream.space, stream.apart = positions.open(self, name, options, space)
    self.places[name] = stream.space
    local counts = sync.run(stream, {
      failures = kept,
      full = options.full, since = options.since, start = options.start, only = options.only, missing = options.missing,
      max_missing = options.max_missing, sole_source = options.sole_source, batch = options.batch, space = stream.space,
      -- What is left of the time is shared by the streams that are left.
      ends = ends and began + math.max(0, ends - began) / (#list - i + 1),
    })
    counts.unmapped = stream.report()
    results[name] = counts
    if book then book:learn() end
    streams.tell(self, name, counts, began)
  end
  local unread = {}
  for i, name in ipairs(list) do
    local after = self.streams[name].after
    if after and unread[after] then
      unread[name] = true
      log.warn(("%s %s: not read, because it refers to %s, which failed"):format(self.title, name, after))
    else
      run_stream(i, name)
      unread[name] = results[name].unread
    end
  end
  for name, book in pairs(books) do
    if not unread[name] then book:write("one", options.full) end
    results[name] = results[name] or {}
    results[name].back = book.counts
    log.info(("%s %s: written back"):format(self.title, name), { written = book.counts.written, refused = book.counts.refused, planned = book.counts.planned > 0 and book.counts.planned or nil })
  end
  kept:raise(self.title, #list == 1)
  return results
end

return connector
