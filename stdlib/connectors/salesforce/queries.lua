---@package
--- Reads records of Salesforce for its connector: by SOQL in the order of ids, and by Bulk API 2.0 where there are many.
local queries = {}

local C, F, pages = require "connector", require "connector.fields", require "connector.pages"

local api = "/services/data/v{version}/"

-- How many records a page has at most. The setting page lowers it. A query asks for one more, to know whether there
-- are more, and Salesforce returns up to 2,000 without a cursor.
local most = 1999

-- How many records a set of bulk results has at most.
local set_size = 50000

local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

--- Returns an id of 15 characters with 18.
---@param id any The id.
---@return any
function queries.long(id)
  if type(id) ~= "string" or not id:match("^%w+$") or #id ~= 15 then return id end
  local suffix = ""
  for block = 0, 2 do
    local bits = 0
    for i = 1, 5 do
      if id:sub(block * 5 + i, block * 5 + i):match("%u") then bits = bits + 2 ^ (i - 1) end
    end
    suffix = suffix .. letters:sub(bits + 1, bits + 1)
  end
  return id .. suffix
end

local hints = {
  REQUEST_LIMIT_EXCEEDED = "the org has used up its requests of the last 24 hours; run it again later, and it continues where it stopped",
  INVALID_FIELD = "check the field's name, and let the integration user read it (field-level security)",
  INVALID_TYPE = "let the integration user read the object (permission set, Object Settings)",
  INVALID_SESSION_ID = "the token has expired or is unknown; use an External Client App, whose tokens are renewed",
  API_DISABLED_FOR_ORG = "the org's edition or the user's profile does not include the API; give the user the permission API Enabled",
  INSUFFICIENT_ACCESS = "let the integration user do this (permission set, Object Settings)",
}

--- Sends a request, and says in an error what Salesforce said.
---@param conn table The connector.
---@param request table The request, as `connector` takes it.
---@return any
function queries.call(conn, request)
  local ok, body, response = pcall(conn.call, conn, request)
  if ok then return body, response end
  local err = body
  local parsed, list = pcall(json.decode, type(err) == "table" and err.body or "")
  if parsed and type(list) == "table" and type(list[1]) == "table" and list[1].errorCode then
    local code, text = list[1].errorCode, tostring(list[1].message):gsub("^%s+", "")
    -- The message about a field shows the whole query first.
    text = text:match("ERROR at Row:%d+:Column:%d+%s*(.*)$") or text
    local begins = code == "REQUEST_LIMIT_EXCEEDED" and "Salesforce accepts no more requests for now" or "Salesforce"
    err.message = ("%s: %s: %s (status %s)"):format(begins, code, text, tostring(err.status))
    err.hint = hints[code] or err.hint
  end
  error(err, 0)
end

local call = queries.call

--- Calls a function with each record of a query, on all pages.
---@param conn table The connector.
---@param query string The query.
---@param use function Takes a record.
function queries.each(conn, query, use)
  pages.walk(conn.title, "query", function(address)
    local request = { get = address or api .. "query", query = not address and { q = query } or nil }
    local body = call(conn, request)
    for _, record in ipairs(pages.items(conn.title, body, "records", request.get)) do use(record) end
    return not F.is_empty(body.nextRecordsUrl) and body.nextRecordsUrl or nil
  end)
end

--- Returns the fields of an object that the token may read, by their names.
---@param conn table The connector.
---@param object string The object, such as `Account`.
---@return table
function queries.describe(conn, object)
  conn.described = conn.described or {}
  local known = conn.described[object]
  if known then return known end
  known = { fields = {}, relations = {} }
  for _, field in ipairs(call(conn, { get = api .. "sobjects/" .. object .. "/describe" }).fields) do
    known.fields[field.name] = field
    if not F.is_empty(field.relationshipName) then known.relations[field.relationshipName] = field end
  end
  conn.described[object] = known
  return known
end

-- Returns the field that a path leads to.
local function resolve(conn, object, path)
  local known = queries.describe(conn, object)
  local first, rest = path:match("^([^.]+)%.(.+)$")
  if not first then return known.fields[path] end
  local relation = known.relations[first]
  if not relation then return nil end
  -- A reference to several objects has the fields that they share.
  if #relation.referenceTo ~= 1 then return { type = "string" } end
  return resolve(conn, relation.referenceTo[1], rest)
end

--- Returns a function that returns what a field can be, if it is a picklist that accepts no other values.
---@param spec table The declaration of the stream.
---@return function
function queries.choices(spec)
  return function(conn, path)
    local field = resolve(conn, spec.object, path)
    if not field or field.restrictedPicklist ~= true then return nil end
    local values = {}
    for _, choice in ipairs(field.picklistValues) do values[choice.value] = true end
    return values
  end
end

local numbers = { double = true, currency = true, percent = true, int = true, long = true }

-- Returns the value of a field in one form, whether it comes from JSON or from CSV.
local function value_of(kind, value)
  if value == nil or value == "" then return json.null end
  if kind == "id" or kind == "reference" then return queries.long(value) end
  if type(value) ~= "string" then return value end
  if kind == "boolean" then return value == "true" end
  if numbers[kind] then return tonumber(value) or value end
  if kind == "datetime" then return (value:gsub("%+0000$", "Z")) end
  return value
end

-- A selection is what a stream reads: its fields with their types, as they are in this run. Fields of the map that
-- the token may not read are left out, so the mapper finds that no record has them, and says which property needs them.
local function select_fields(conn, spec, stream)
  local selection, known = { paths = {}, kinds = {}, absent = {} }, {}
  local function add(path)
    if known[path] then return true end
    local field = resolve(conn, spec.object, path)
    if field then
      known[path] = true
      selection.paths[#selection.paths + 1], selection.kinds[path] = path, field.type
    elseif spec.optional and spec.optional[path] then
      selection.absent[#selection.absent + 1] = path
    end
    return field ~= nil
  end
  add("Id")
  for _, path in ipairs(stream.paths) do add(path) end
  local name = stream.name:match("%S+$")
  for _, path in ipairs(conn.settings.fields and conn.settings.fields[name] or {}) do
    if not add(path) then
      error(("Salesforce: the field %q of the setting fields does not exist in %s, or the integration user may not read it; check its name and the field-level security"):format(path, spec.object), 0)
    end
  end
  return selection
end

-- Puts a value at a path of an item.
local function put(item, path, value)
  local names = {}
  for name in path:gmatch("[^.]+") do names[#names + 1] = name end
  for i = 1, #names - 1 do
    if type(item[names[i]]) ~= "table" or item[names[i]] == json.null then item[names[i]] = {} end
    item = item[names[i]]
  end
  item[names[#names]] = value
end

-- Returns a record in the form that fields read. read returns the value of a path.
local function item_of(selection, read)
  local item = {}
  for _, path in ipairs(selection.paths) do put(item, path, value_of(selection.kinds[path], read(path))) end
  for _, path in ipairs(selection.absent) do put(item, path, json.null) end
  return item
end

-- Returns what reads the value at a path of a record in JSON.
local function in_json(record)
  return function(path)
    local value = F.at(record, path)
    if F.is_empty(value) then return nil end
    return value
  end
end

-- Returns a query with the conditions that are given.
local function soql(conn, spec, stream, fields, conditions, tail)
  local all = {}
  for _, condition in ipairs(conditions) do all[#all + 1] = condition end
  if spec.where then all[#all + 1] = spec.where end
  local own = conn.settings.where and conn.settings.where[stream.name:match("%S+$")]
  if own then all[#all + 1] = "(" .. own .. ")" end
  local where = #all > 0 and " WHERE " .. table.concat(all, " AND ") or ""
  return ("SELECT %s FROM %s%s%s"):format(fields, spec.object, where, tail or "")
end

local function after(last) return last and ("Id > '%s'"):format(last) or nil end

local function conditions(...)
  local list = {}
  for i = 1, select("#", ...) do
    local condition = select(i, ...)
    if condition then list[#list + 1] = condition end
  end
  return list
end

-- How many records a page has.
local function page_size(conn) return math.min(most, tonumber(conn.settings.page) or most) end

-- Sends a query that ends with a limit, which is halved while Salesforce takes too long for so many.
local function limited(conn, spec, request, query)
  conn.limits = conn.limits or {}
  while true do
    local size = conn.limits[spec.object] or page_size(conn)
    request.query = { q = ("%s ORDER BY Id LIMIT %d"):format(query, size + 1) }
    request.retry_timeouts = size == 1
    local ok, body = pcall(call, conn, request)
    if ok then
      pages.items(conn.title, body, "records", request.get)
      local done = body.done == true and #body.records <= size
      if #body.records > size then body.records[#body.records] = nil end
      return body, done
    end
    local err = body
    if type(err) ~= "table" or size <= 1 or not (err.status == 413 or err.kind == "timeout" and err.retryable) then error(err, 0) end
    conn.limits[spec.object] = math.floor(size / 2)
    log.info(("Salesforce: a page was too large, so pages have %d records from here on"):format(conn.limits[spec.object]))
  end
end

-- Reads the records after an id, in the order of ids. Salesforce returns fewer than it was asked for when
-- records are wide, and says then that it is not done.
local function read(conn, spec, stream, selection, where)
  local request = { get = api .. (spec.all and "queryAll" or "query"), reads = true }
  local body, done = limited(conn, spec, request, soql(conn, spec, stream, table.concat(selection.paths, ", "), where))
  local page = { items = {}, done = done }
  for i, record in ipairs(body.records) do page.items[i] = item_of(selection, in_json(record)) end
  return page
end

-- Records in the recycle bin are not among those that queryAll should return.
local function alive(spec) return spec.all and "IsDeleted = false" or nil end

local function stopped(job)
  return ("Salesforce: the bulk job %s ended as %s: %s; run it again, or raise settings.bulk_above to read without bulk jobs"):format(
    job.id, job.state, tostring(F.is_empty(job.errorMessage) and "no reason was given" or job.errorMessage))
end

-- Starts a bulk job and returns the position at its start.
local function start(conn, spec, stream, selection)
  local query = soql(conn, spec, stream, table.concat(selection.paths, ", "), conditions(alive(spec)))
  local job = call(conn, { post = api .. "jobs/query", reads = true, json = { operation = spec.all and "queryAll" or "query", query = query, contentType = "CSV", columnDelimiter = "COMMA", lineEnding = "LF" } })
  log.info(("%s: there are many records, so they are read by the bulk job %s"):format(stream.name, job.id))
  return { job = job.id, row = 0 }
end

-- Waits until a job is complete.
local function wait(conn, id)
  local pause, ends = 1, time.now() + (conn.settings.bulk_minutes or 120) * 60
  while true do
    local job = call(conn, { get = api .. "jobs/query/" .. id })
    if job.state == "JobComplete" then return end
    if job.state == "Failed" or job.state == "Aborted" then error(stopped(job), 0) end
    if time.now() > ends then error(("Salesforce: the bulk job %s is still %s; run it again later"):format(id, job.state), 0) end
    time.sleep(pause)
    pause = math.min(pause * 1.5, 30)
  end
end

-- Bulk results are written to a file, set by set, and read row by row.
local bulk = {}
bulk.__index = bulk

local function new_bulk(conn, spec, stream, selection)
  local org = (conn.settings.instance or "org"):match("^[^.]+")
  return setmetatable({ conn = conn, spec = spec, stream = stream, selection = selection, file = ("out/salesforce-%s-%s.csv"):format(org, stream.name:match("%S+$")) }, bulk)
end

-- Opens the set of a position, unless it is open.
function bulk:open(position)
  local mark = position.job .. " " .. (position.locator or "")
  if self.mark == mark and self.row == position.row then return end
  if self.job ~= position.job then wait(self.conn, position.job) end
  if not fs.exists("out") then fs.mkdir("out") end
  local client = self.conn:client()
  local response = client:get(self.conn:fill(api .. "jobs/query/" .. position.job .. "/results"), { query = { maxRecords = set_size, locator = position.locator }, to = self.file, headers = { Accept = "text/csv" } })
  self.job, self.mark, self.row, self.following = position.job, mark, 0, response.headers["sforce-locator"]
  self.rows = csv.rows(self.file)
  while self.row < position.row do
    self.rows()
    self.row = self.row + 1
  end
end

-- Reads the next rows.
function bulk:page(position)
  self:open(position)
  local page, ended = { items = {} }, false
  while #page.items < page_size(self.conn) do
    local row = self.rows()
    if not row then
      ended = true
      break
    end
    self.row = self.row + 1
    page.items[#page.items + 1] = item_of(self.selection, function(path) return row[path] end)
  end
  if not ended then
    page.next = { job = position.job, locator = position.locator, row = self.row }
  elseif self.following and self.following ~= "null" then
    page.next = { job = position.job, locator = self.following, row = 0 }
  else
    page.next, page.done = position, true
    self:close()
  end
  return page
end

function bulk:close()
  if fs.exists(self.file) then fs.remove(self.file) end
  local ok, err = pcall(self.conn.call, self.conn, { delete = api .. "jobs/query/" .. self.job, reads = true })
  if not ok then log.info(("Salesforce: the bulk job %s was not deleted: %s"):format(self.job, tostring(type(err) == "table" and err.message or err))) end
end

-- Reports whether a bulk job is gone. Salesforce keeps them for seven days.
local function is_gone(err) return type(err) == "table" and err.status == 404 end

--- Declares how a stream reads what changed: in a closed window of SystemModstamp, in the order of ids; and everything: in the
--- order of ids, or by a bulk job if there is much.
---@param spec table The stream: `object`, `ids`, `where`, `optional`, `all`.
---@return function
function queries.cursor(spec)
  local window = C.window{ format = "iso", id = "Id" }
  return function(stream, conn)
    stream.owned = { prefix = spec.ids }
    local known, jobs
    local function selected()
      known = known or select_fields(conn, spec, stream)
      return known
    end
    -- A trial, which has no threshold, reads only a page.
    local function many()
      if not conn.settings.bulk_above then return false end
      local query = soql(conn, spec, stream, "COUNT()", conditions(alive(spec)))
      local body = call(conn, { get = api .. (spec.all and "queryAll" or "query"), query = { q = query } })
      return body.totalSize > conn.settings.bulk_above
    end
    -- The window asks for its pages by their conditions.
    local asked = setmetatable({ page = function(_, of)
      return read(conn, spec, stream, selected(), conditions("SystemModstamp >= " .. of.from, "SystemModstamp <= " .. of.to, alive(spec), after(of.last)))
    end }, { __index = conn })
    stream.delta = function(of) return of end
    window(stream, asked)
    stream.scan = function(position)
      if position == nil then position = many() and start(conn, spec, stream, selected()) or {} end
      if not position.job then
        local page = read(conn, spec, stream, selected(), conditions(alive(spec), after(position.last)))
        local last = page.items[#page.items]
        page.next = { last = last and last.Id or position.last }
        return page
      end
      jobs = jobs or new_bulk(conn, spec, stream, selected())
      local ok, page = pcall(jobs.page, jobs, position)
      if ok then return page end
      if not is_gone(page) then error(page, 0) end
      log.info(("%s: Salesforce no longer has the bulk job %s, so another one is started"):format(stream.name, position.job))
      return jobs:page(start(conn, spec, stream, selected()))
    end
  end
end

--- Returns what was deleted or merged since the last run.
---@param spec table The stream.
---@return function
function queries.gone(spec)
  return function(conn, _, position, how)
    local action, began = how and how.missing or conn.settings.missing or "report", conn:now()
    -- What was only reported before has to be found again.
    local since = position and position.action == action and "SystemModstamp >= " .. time.format(position.at - 600) or nil
    local keys = {}
    pages.walk(conn.title, "deleted records", function(last)
      local where = table.concat(conditions("IsDeleted = true", since, after(last)), " AND ")
      local body, done = limited(conn, spec, { get = api .. "queryAll", reads = true }, ("SELECT Id FROM %s WHERE %s"):format(spec.object, where))
      for _, record in ipairs(body.records) do keys[#keys + 1] = queries.long(record.Id) end
      return keys[#keys], done
    end)
    return keys, { at = began, action = action }
  end
end

return queries
