--- Reads another system and makes Planhat's records agree with it: `local sync = require "sync"`.
---
--- This is the engine of all connectors. A stream is one kind of record of the other
--- system. It is read in pages; the position after a page is stored only when Planhat
--- has answered for every row of it, so a run that ends early repeats at most one page and loses
--- nothing. Rows that Planhat rejects are stored, and sent again by the next runs until they are accepted.
local sync = {}

local state = require "state"

local function now() return time.now() end

-- Returns a position as text that differs if the position differs.
local function fingerprint(position) return json.encode(position) end

-- A writer sends rows to Planhat and knows which were rejected.
local writer = {}
writer.__index = writer

local function new_writer(stream, rejected)
  return setmetatable({
    stream = stream, rejected = rejected, changed = {}, removed = {}, rows = {}, origins = {},
    counts = { read = 0, created = 0, updated = 0, unchanged = 0, rejected = 0, skipped = 0 },
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
  local at = self.origins[key]
  if at then
    self.rows[at] = run.from(item, row)
    return
  end
  self.rows[#self.rows + 1] = run.from(item, row)
  self.origins[key] = #self.rows
end

-- Sends the rows that were added, and remembers those that Planhat rejects.
function writer:flush()
  local rows, counts = self.rows, self.counts
  if #rows == 0 then return end
  self.rows, self.origins = {}, {}
  local result = self:records():send(rows)
  counts.created = counts.created + result.created
  counts.updated = counts.updated + result.updated
  counts.unchanged = counts.unchanged + result.unchanged
  local failed = {}
  for _, err in ipairs(result.errors) do failed[err.index] = err.message end
  for i, row in ipairs(rows) do
    local key = row[self.stream.key]
    local before = self.rejected[key]
    if failed[i] then
      counts.rejected = counts.rejected + 1
      self:keep(key, { row = row, reason = failed[i], since = before and before.since or time.format(now()), tries = (before and before.tries or 0) + 1 })
    elseif before then
      self:keep(key, nil)
    end
  end
end

-- Stores a rejected row with the next position, or forgets it.
function writer:keep(key, rejected)
  self.rejected[key] = rejected
  self.changed[key] = rejected or json.null
end

-- Maps the items of a page to rows.
local function add_page(out, stream, items)
  if stream.prepare then stream.prepare(items) end
  for _, item in ipairs(items) do
    out.counts.read = out.counts.read + 1
    local row, reason = stream.row(item)
    if row then
      out:add(row, item)
    elseif reason then
      out.counts.rejected = out.counts.rejected + 1
      run.reject(item, ("%s: %s"):format(stream.name, reason))
    else
      out.counts.skipped = out.counts.skipped + 1
    end
  end
end

-- A walk reads pages from a position until the vendor says that there are no more.
-- commit is called when everything up to a position is in Planhat.
local function walk(out, stream, read, position, commit, limits)
  local seen = {}
  while true do
    local page = read(position)
    if not page then return nil end -- the system has forgotten the position
    add_page(out, stream, page.items)
    local mark = fingerprint(page.next)
    if not page.done and seen[mark] then
      error(("%s: the system returned the position %s twice, so reading it would never end; nothing after it was read"):format(stream.name, mark), 0)
    end
    seen[mark] = true
    if page.done or #out.rows >= limits.batch then
      out:flush()
      commit(page.next, page.done)
    end
    if limits.log then limits.log(out.counts) end
    if page.done then return true end
    position = page.next
    if limits.ends and now() >= limits.ends then
      out:flush()
      commit(page.next, false)
      return false
    end
  end
end

-- Deletes or archives what the other system no longer has, or reports it.
local function remove(out, stream, found, options)
  -- A complete pass and the system's own list can both name a record.
  local counts, records = out.counts, {}
  for _, record in ipairs(found) do
    if not out.removed[record._id] then records[#records + 1] = record end
    if not options.undecided then out.removed[record._id] = true end
  end
  counts.missing = (counts.missing or 0) + #records
  local action = options.missing or "report"
  for i = 1, math.min(#records, 20) do
    log.warn(("%s: %s is no longer there"):format(stream.name, records[i].key), { model = stream.model, id = records[i]._id })
  end
  if #records == 0 or action == "report" or action == "ignore" then return end
  if action == "archive" then
    counts.archived = (counts.archived or 0) + out:records():archive(records).updated
    return
  end
  for _, record in ipairs(records) do planhat[stream.model].delete(record._id) end
  counts.deleted = (counts.deleted or 0) + #records
end

-- After a complete pass, records that had no row are missing.
local function compare(out, stream, options)
  if out.counts.read == 0 then
    log.warn(("%s: the system has no records; if that is wrong, look at the token's permissions"):format(stream.name))
    return
  end
  local target = out:records()
  local missing, known = target:missing(stream.owned or {}), target:known()
  local most = options.max_missing or 0.05
  if #missing > known * most and #missing > 1 and (options.missing == "archive" or options.missing == "delete") then
    log.warn(("%s: %d of %d records are no longer there, which is more than %d%%, so nothing was removed; to remove them, set max_missing"):format(
      stream.name, #missing, known, most * 100))
    options = { missing = "report", undecided = true }
  end
  remove(out, stream, missing, options)
end

-- Removes what the other system says was deleted.
local function gone(out, stream, options, keys)
  local records = {}
  for _, key in ipairs(keys) do
    local record = out:records():find(key)
    if record then records[#records + 1] = record end
    if out.rejected[key] then out:keep(key, nil) end
  end
  remove(out, stream, records, options)
end

-- A store keeps where a stream is, and its rejected rows, one value each.
local function new_store(stream, space)
  local kept = state.open(space)
  local prefix = stream.name .. " rejected "
  local saved, version = kept:get(stream.name)
  local store = { saved = saved or {}, rejected = {} }
  for _, key in ipairs(kept:keys()) do
    if key:sub(1, #prefix) == prefix then store.rejected[key:sub(#prefix + 1)] = kept:get(key) end
  end
  -- Stores the position and what changed of the rejected rows, all or nothing, unless
  -- another run has moved the position.
  function store:save(out)
    local values = { [stream.name] = self.saved }
    for key, value in pairs(out.changed) do values[prefix .. key] = value end
    kept:set_all(values, { [stream.name] = version })
    out.changed = {}
    version = select(2, kept:get(stream.name))
  end
  return store
end

-- Rows that Planhat rejected before are sent again, before anything newer of them.
local function retry(out)
  for _, kept in pairs(out.rejected) do out:add(kept.row, kept.row) end
  out:flush()
end

-- A complete pass: everything is read from the start, and then compared.
local function pass(out, stream, options, store, limits)
  local saved = store.saved
  local fresh = saved.pass == nil
  if fresh then saved.pass = { began = now() } end
  local complete = walk(out, stream, stream.scan, saved.pass.position, function(position, done)
    saved.pass.position = position
    if done then
      saved.cursor = stream.begin(saved.pass.began, position)
      saved.pass = nil
    end
    store:save(out)
  end, limits)
  if not complete then return false end
  if fresh then
    compare(out, stream, options)
  else
    log.info(("%s: this run completed an earlier one, so it does not know what is missing; the next complete pass does"):format(stream.name))
  end
  return true
end

-- Only what has changed since the last run.
local function changes(out, stream, store, limits)
  local saved = store.saved
  local from = stream.resume(saved.cursor, now())
  return walk(out, stream, stream.changes, from, function(position, done)
    saved.cursor = done and stream.finish(position, from) or stream.hold(saved.cursor, position)
    store:save(out)
  end, limits)
end

--- Synchronizes one stream, and returns what was done.
---@param stream table The stream, as `connector` makes it.
---@param options table Options: `full`, `missing`, `max_missing`, `batch`, `minutes`, `space`.
---@return table
function sync.run(stream, options)
  local store = new_store(stream, options.space)
  local out = new_writer(stream, store.rejected)
  local limits = { batch = options.batch or 1000, ends = options.minutes and now() + options.minutes * 60, log = options.log }
  retry(out)
  local complete
  if options.full or store.saved.cursor == nil or store.saved.pass or not stream.changes then
    complete = pass(out, stream, options, store, limits)
  else
    complete = changes(out, stream, store, limits)
    if complete == nil then -- the system has forgotten the position
      store.saved.cursor = nil
      complete = pass(out, stream, options, store, limits)
    end
  end
  if complete and stream.gone then
    local keys, position = stream.gone(store.saved.gone)
    gone(out, stream, options, keys)
    store.saved.gone = position
  end
  store:save(out)
  out.counts.complete = complete
  return out.counts
end

return sync
