--- Reads another system and makes Planhat's records agree with it: `local sync = require "sync"`.
---
--- This is the engine of all connectors. A stream is one kind of record of the other
--- system. It is read in pages; the position after a page is stored only when Planhat
--- has answered for every row of it, so a run that ends early repeats at most one page and loses
--- nothing. Rows that Planhat rejects are stored, and sent again by the next runs until they are accepted.
--- A stream can have parts, such as surveys, each with a position for itself.
local sync = {}

local state, removals = require "state", require "connector.removals"

local function now() return time.now() end

-- The longest key of a row, in bytes, and the largest row that is stored to be sent again.
local longest_key, largest_row = 300, 500000

-- Returns a position as text that differs if the position differs.
local function fingerprint(position) return json.encode(position) end

-- A writer sends rows to Planhat and knows which were rejected.
local writer = {}
writer.__index = writer

local function new_writer(stream)
  return setmetatable({
    stream = stream, marks = {}, changed = {}, removed = {}, kept = {}, rows = {}, origins = {}, said = now(),
    counts = { read = 0, created = 0, updated = 0, unchanged = 0, rejected = 0, skipped = 0, planned = 0 },
  }, writer)
end

-- The records of the model are read when the first row needs them.
function writer:records()
  if not self.target then
    self.target = planhat[self.stream.model].sync_target{ key = self.stream.key, fields = self.stream.fields }
  end
  return self.target
end

-- Adds a row. Of several rows of one record in a batch, the last one counts.
function writer:add(row, item)
  local key = row[self.stream.key]
  local at = self.origins[key] or #self.rows + 1
  self.rows[at] = run.from(item, row)
  self.origins[key] = at
end

-- Stores a mark of a key with the next position, or removes it: `rejected` rows, and
-- records that were `archived`.
function writer:mark(kind, key, value)
  self.marks[kind][key] = value
  self.changed[kind .. " " .. key] = value or json.null
end

-- Sends the rows that were added, and remembers those that Planhat rejects.
function writer:flush()
  local rows, counts, stream = self.rows, self.counts, self.stream
  if #rows == 0 then return end
  self.rows, self.origins = {}, {}
  local target = self:records()
  for _, row in ipairs(rows) do
    local key = row[stream.key]
    if stream.complete then stream.complete(row, key, target) end
  end
  local result = target:send(rows)
  counts.created = counts.created + result.created
  counts.updated = counts.updated + result.updated
  counts.unchanged = counts.unchanged + result.unchanged
  counts.planned = counts.planned + result.planned
  local failed, restored = {}, {}
  for _, err in ipairs(result.errors) do failed[err.index] = err.message end
  for i, row in ipairs(rows) do
    local key = row[stream.key]
    local before = self.marks.rejected[key]
    if failed[i] then
      counts.rejected = counts.rejected + 1
      local stored = #json.encode(row) <= largest_row and row or nil -- else the next complete pass sends it
      self:mark("rejected", key, { row = stored, reason = failed[i], since = before and before.since or time.format(now()), tries = (before and before.tries or 0) + 1 })
    else
      if before then self:mark("rejected", key, nil) end
      if self.marks.archived[key] then
        restored[#restored + 1] = { _id = self.marks.archived[key], key = key }
        self:mark("archived", key, nil)
      end
      if stream.accepted then stream.accepted(key) end
    end
  end
  if #restored > 0 then
    counts.restored = (counts.restored or 0) + #restored
    target:archive(restored, false)
  end
end

-- Rejects an item. Its record is there all the same, so a complete pass does not miss it.
local function reject(out, item, reason, key)
  out.counts.rejected = out.counts.rejected + 1
  run.reject(type(item) == "table" and item or { value = tostring(item) }, ("%s%s: %s"):format(out.stream.name, key and " " .. key or "", reason))
  if key then out.kept[#out.kept + 1] = key end
end

-- Says why a key cannot be one, or returns nil.
local function bad_key(key)
  if key == nil or key == json.null or key == "" then return "the record has no id" end
  if type(key) ~= "string" or #key > longest_key or key:find("%c") then return "the id of the record is not a short text" end
end

-- Maps the items of a page to rows.
local function add_page(out, items, options)
  local stream, counts = out.stream, out.counts
  local records = {}
  for i = 1, #items do
    if type(items[i]) == "table" and items[i] ~= json.null then
      records[#records + 1] = items[i]
    else
      counts.read = counts.read + 1
      reject(out, items[i], "the system returned something else than a record")
    end
  end
  if stream.prepare then stream.prepare(records) end -- which may take some out
  for _, item in ipairs(records) do
    counts.read = counts.read + 1
    local row, reason, key = stream.row(item)
    key = row and row[stream.key] or key
    if row then reason = bad_key(key) end
    if reason then
      reject(out, item, reason, not bad_key(key) and key or nil)
    elseif row and (not options.only or out:records():find(key)) then
      out:add(row, item)
    else
      counts.skipped = counts.skipped + 1
    end
  end
  if now() - out.said >= 10 then
    out.said = now()
    log.info(("%s: %d read so far"):format(stream.name, counts.read), { created = counts.created, updated = counts.updated })
  end
end

-- Reads pages from a position until the vendor says that there are no more. commit is
-- called when everything up to a position is in Planhat. Returns true at the end, false if the
-- time was up, and nil if the system has forgotten the position.
local function walk(out, read, position, commit, options)
  local seen, waiting = {}, false
  local function settle(reached, done)
    out:flush()
    log.debug(("%s: %d records are in Planhat; the position is stored"):format(out.stream.name, out.counts.read))
    if out.stream.settled then out.stream.settled() end
    commit(reached, done)
    waiting = false
  end
  while true do
    local ok, page = pcall(read, position)
    if not ok then
      if waiting then settle(position, false) end
      if type(page) == "table" and page.message and out.counts.read > 0 then
        page.message = ("%s; the %d records before are in Planhat, and the next run continues there"):format(page.message, out.counts.read)
      end
      error(page, 0)
    end
    if not page then return nil end
    add_page(out, page.items, options)
    waiting = true
    local mark = fingerprint(page.next)
    if not page.done and seen[mark] then
      error(("%s: the system returned the position %s twice, so reading it would never end; nothing after it was read"):format(out.stream.name, mark), 0)
    end
    seen[mark] = true
    if page.done or #out.rows >= (options.batch or 1000) then settle(page.next, page.done) end
    if page.done then return true end
    position = page.next
    if options.ends and now() >= options.ends then
      if waiting then settle(position, false) end
      return false
    end
  end
end

-- A store keeps the position of a stream or of a part of it, and what it has marked.
local function open_store(kept, name, out)
  local store = {}
  local saved, version = kept:get(name)
  store.saved = saved or {}
  -- Stores the position and the marks that changed, all or nothing, unless another run
  -- has moved the position.
  function store:save()
    local values = { [name] = self.saved }
    for key, value in pairs(out.changed) do values[out.stream.name .. " " .. key] = value end
    kept:set_all(values, { [name] = version })
    out.changed = {}
    version = select(2, kept:get(name))
  end
  return store
end

-- Reads the marks of a stream.
local function read_marks(kept, out)
  for _, kind in ipairs{ "rejected", "archived" } do
    local prefix, marks = out.stream.name .. " " .. kind .. " ", {}
    for _, key in ipairs(kept:keys()) do
      if key:sub(1, #prefix) == prefix then marks[key:sub(#prefix + 1)] = kept:get(key) end
    end
    out.marks[kind] = marks
  end
end

-- Rows that Planhat rejected before are sent again, before anything newer of them.
local function retry(out, options)
  local keys = {}
  for key in pairs(out.marks.rejected) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local row = out.marks.rejected[key].row
    if row then out:add(row, row) end
    if #out.rows >= (options.batch or 1000) then out:flush() end
  end
  out:flush()
end

-- A run that reads nothing where the last ones read much has probably lost a permission.
local function watch(out, saved, read)
  local reads = saved.reads or {}
  local sum = 0
  for _, n in ipairs(reads) do sum = sum + n end
  if read == 0 and #reads >= 3 and sum / #reads >= 10 then
    log.warn(("%s: nothing was read, but the last %d runs read %d records each on average; look at the token's permissions"):format(
      out.stream.name, #reads, math.floor(sum / #reads + 0.5)))
  end
  reads[#reads + 1] = read
  if #reads > 10 then table.remove(reads, 1) end
  saved.reads = json.array(reads)
end

-- A part is what has a position: a stream, or one of its forms, surveys or calendars.
local part = {}
part.__index = part

function part:reader(name) return function(position) return self.out.stream[name](position, self.of) end end

-- A complete pass: everything is read from the start. Returns whether it is complete, and
-- whether it began in this run.
function part:pass(options)
  local saved, stream = self.store.saved, self.out.stream
  local fresh = saved.pass == nil
  if fresh then saved.pass = { began = now() } end
  local complete = walk(self.out, self:reader("scan"), saved.pass.position, function(position, done)
    saved.pass.position = position
    if done then
      saved.cursor = stream.begin(saved.pass.began, position)
      saved.pass = nil
    end
    self.store:save()
  end, options)
  if complete and not fresh then
    log.info(("%s: this run completed an earlier one, so it does not know what is missing; the next complete pass does"):format(stream.name))
  end
  return complete, fresh
end

-- Only what has changed since the last run.
function part:changes(options)
  local saved, stream = self.store.saved, self.out.stream
  local from = stream.resume(saved.cursor)
  local before = self.out.counts.read
  local complete = walk(self.out, self:reader("changes"), from, function(position, done)
    saved.cursor = done and stream.finish(position, from) or stream.hold(saved.cursor, position)
    if done then watch(self.out, saved, self.out.counts.read - before) end
    self.store:save()
  end, options)
  if complete == nil then saved.cursor = nil end
  return complete
end

-- Reads everything, or what changed since a time, with its own position: the one of
-- the usual runs stays, unless there was none.
function part:backfill(options, since)
  local saved, stream = self.store.saved, self.out.stream
  local of = fingerprint{ since or false, options.only or false }
  if not saved.backfill or saved.backfill.of ~= of then saved.backfill = { of = of, from = since and stream.from(since) } end
  local job = saved.backfill
  return walk(self.out, self:reader(since and "changes" or "scan"), job.position or job.from, function(position, done)
    job.position = position
    if done then
      saved.backfill = nil
      if since and not options.only and not saved.cursor and not saved.pass then saved.cursor = stream.finish(position, job.from) end
    end
    self.store:save()
  end, options)
end

-- Returns whether the part is complete, and whether all of it was read in this run.
function part:run(options)
  local saved, stream = self.store.saved, self.out.stream
  local since = options.since or not saved.cursor and not saved.pass and not options.full and options.start or nil
  if since and not stream.from then
    error(("%s: the system cannot be asked what changed since a date; use full = true, or leave the stream out"):format(stream.name), 0)
  end
  if since or options.only then return self:backfill(options, since), false end
  if options.full or saved.cursor == nil or saved.pass or not stream.changes then return self:pass(options) end
  local complete = self:changes(options)
  if complete == nil then return self:pass(options) end -- the system has forgotten the position
  return complete, false
end

-- Opens the parts of a stream, those first that were not read for the longest time.
local function open_parts(out, kept)
  local stream, parts = out.stream, {}
  for i, of in ipairs(stream.parts and stream.parts() or { false }) do
    local name = of and ("%s/%s"):format(stream.name, tostring(of.id)) or stream.name
    parts[i] = setmetatable({ out = out, of = of or nil, at = i, store = open_store(kept, name, out) }, part)
  end
  table.sort(parts, function(a, b)
    local x, y = a.store.saved.ended or 0, b.store.saved.ended or 0
    if x ~= y then return x < y end
    return a.at < b.at
  end)
  return parts
end

--- Synchronizes one stream, and returns what was done.
---@param stream table The stream, as `connector` makes it.
---@param options table Options: `full`, `since`, `start`, `only`, `missing`, `max_missing`, `batch`, `ends`, `space`.
---@return table
function sync.run(stream, options)
  local kept, out = state.open(options.space), new_writer(stream)
  read_marks(kept, out)
  local base = stream.parts and open_store(kept, stream.name .. " parts", out)
  -- Records that do not change do not get a property that was added to the map.
  local mapped, version = kept:get(stream.name .. " properties")
  local names = table.concat(stream.fields, " ")
  if mapped and mapped ~= names and not options.only and not options.since and not options.full then
    log.warn(("%s: the mapped properties have changed. This run only reads records that changed; to update the others, too, run once with full = true"):format(stream.name))
  end
  if not options.only then retry(out, options) end
  local complete, whole = true, true
  for i, one in ipairs(open_parts(out, kept)) do
    if i > 1 and options.ends and now() >= options.ends then
      complete, whole = false, false
      break
    end
    local ended, fresh = one:run(options)
    complete, whole = complete and ended, whole and ended and fresh
    if one.of and ended then one.store.saved.ended = now() end
    base = base or one.store
    one.store:save()
  end
  if whole then removals.compare(out, options) end
  if complete and stream.gone and not options.only then
    local keys, position = stream.gone(base.saved.gone, options)
    if removals.gone(out, options, keys) then base.saved.gone = position end -- else the next run decides about them
  end
  base:save()
  if complete and not options.only and not options.since then kept:set(stream.name .. " properties", names, version) end
  out.counts.complete = complete
  return out.counts
end

return sync
