--- Reads another system and makes Planhat's records agree with it: `local sync = require "sync"`.
---
--- This is the engine of all connectors. A stream is one kind of record of the other
--- system. It is read in pages; the position after a page is stored only when Planhat
--- has answered for every row of it, so a run that ends early repeats at most one page and loses
--- nothing. Rows that Planhat rejects are stored, and sent again by the next runs until they are accepted.
--- A stream can have parts, such as surveys, each with a position for itself. One that cannot be read holds up no other.
local sync = {}

local state, progress = require "state", require "progress"
local claims, failures, removals, writer = require "connector.claims", require "connector.failures", require "connector.removals", require "connector.writer"

local function now() return time.now() end

-- The longest key of a row, in bytes.
local longest_key = 300

-- Returns a position as text that differs if the position differs.
local function fingerprint(position) return json.encode(position) end

-- Says why a key cannot be one, or returns nil.
local function bad_key(key)
  if key == nil or key == json.null or key == "" then return "the record has no id" end
  if type(key) ~= "string" or #key > longest_key or key:find("%c") then return "the id of the record is not a short text" end
end

-- Reads a page and prepares its records, and returns the page and the records, or nil if the system has forgotten the position.
local function fetch(out, read, position)
  local page, records = read(position), {}
  if not page then return nil end
  for i = 1, #page.items do
    if type(page.items[i]) == "table" and page.items[i] ~= json.null then
      records[#records + 1] = page.items[i]
    else
      out.counts.read = out.counts.read + 1
      out:reject(page.items[i], "the system returned something else than a record")
    end
  end
  if out.stream.prepare then out.stream.prepare(records) end -- which may take some out
  return page, records
end

-- Maps records to rows.
local function add_records(out, records, options)
  local stream, counts = out.stream, out.counts
  for _, item in ipairs(records) do
    counts.read = counts.read + 1
    local row, reason, key = stream.row(item)
    key = row and row[stream.key] or key
    if row then reason = bad_key(key) end
    if reason then
      out:reject(item, reason, not bad_key(key) and key or nil)
    elseif row and (not (options.only or stream.existing) or out:records():find(key)) then
      out:add(row, item)
    else
      counts.skipped = counts.skipped + 1
    end
  end
  out.task:set(counts.read)
  if now() - out.said >= 10 then
    out.said = now()
    log.info(("%s: %d read so far"):format(stream.name, counts.read), { created = counts.created, updated = counts.updated })
  end
end

-- Reads pages from a position until the vendor says that there are no more. commit is
-- called when everything up to a position is in Planhat. Returns true at the end, false if the
-- time was up or reading failed, which failed says, and nil if the system has forgotten the position.
local function walk(out, read, position, commit, options)
  local seen, waiting, before = {}, false, out.counts.read
  local function settle(reached, done)
    out:flush()
    log.debug(("%s: %d records are in Planhat; the position is stored"):format(out.stream.name, out.counts.read))
    if out.stream.settled then out.stream.settled() end
    commit(reached, done)
    waiting = false
  end
  while true do
    local ok, page, records = pcall(fetch, out, read, position)
    if not ok then
      if waiting then settle(position, false) end
      if type(page) == "table" and page.message and out.counts.read > before then
        page.message = ("%s; the %d records before are in Planhat, and the next run continues there"):format(page.message, out.counts.read - before)
      end
      out:fail(page)
      return false
    end
    if not page then return nil end
    out.failures:works()
    add_records(out, records, options)
    waiting = true
    local mark = fingerprint(page.next)
    if not page.done and seen[mark] then
      out:flush()
      out:fail(("%s: the system returned the position %s twice, so reading it would never end; nothing after it was read"):format(out.stream.name, mark))
      return false
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
  -- Notes when the part failed. Its position stays where it was stored last.
  function store:fail()
    self.saved = kept:get(name) or {}
    self.saved.failed = now()
    self:save()
  end
  -- Stores the position and the marks that changed, all or nothing, unless another run
  -- has moved the position.
  function store:save()
    local values = { [name] = self.saved }
    for key, value in pairs(out.changed) do values[out.stream.name .. " " .. key] = value end
    local ok, err = pcall(kept.set_all, kept, values, { [name] = version })
    if not ok then
      if type(err) == "table" and select(2, kept:get(name)) ~= version then
        err.message = ("%s: another run has read this account meanwhile. Nothing was lost: what this run read is in Planhat, and the position of the other run, which is newer, stays"):format(name)
        err.hint = "do not run both at the same time, or give each script its own account, such as account = \"second\""
      end
      error(err, 0)
    end
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

-- Adds a record that Planhat rejected before. It is mapped again, because the map may have been corrected since.
local function add_again(out, key, mark)
  local ok, row, reason
  if mark.item then ok, row, reason = pcall(out.stream.row, mark.item) end
  if ok and not row and reason then
    out:reject(mark.item, reason, key)
  elseif ok and not row then
    out:mark("rejected", key, nil) -- it is no longer taken
  elseif ok and bad_key(row[out.stream.key]) == nil then
    if row[out.stream.key] ~= key then out:mark("rejected", key, nil) end
    out:add(row, mark.item)
  elseif mark.row then
    out:add(mark.row, mark.item)
  end
end

-- Records that Planhat rejected before are sent again, before anything newer of them.
local function retry(out, options)
  local keys = {}
  for key in pairs(out.marks.rejected) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    add_again(out, key, out.marks.rejected[key])
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
  if fresh then saved.pass = { began = now(), takes = stream.takes } end
  local complete = walk(self.out, self:reader("scan"), saved.pass.position, function(position, done)
    saved.pass.position = position
    if done then
      saved.cursor, saved.takes = stream.begin(saved.pass.began, position), saved.pass.takes
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
      if since and not options.only and not saved.cursor and not saved.pass then
        saved.cursor, saved.takes = stream.finish(position, job.from), stream.takes
      end
    end
    self.store:save()
  end, options)
end

-- Warns if other records are taken than when everything was read. Those that do not change are not read again.
function part:compare()
  local saved, stream = self.store.saved, self.out.stream
  saved.takes = saved.takes or stream.takes
  if saved.takes == stream.takes or self.out.warned then return end
  self.out.warned = true
  log.warn(("%s: the options that choose records, such as filter, have changed. This run only reads records that changed; to read the others, too, run once with --param full=true"):format(stream.name))
end

-- Returns whether the part is complete, and whether all of it was read in this run.
function part:run(options)
  local saved, stream = self.store.saved, self.out.stream
  local since = options.since or not saved.cursor and not saved.pass and not options.full and options.start or nil
  if since and not stream.from then
    error(("%s: the system cannot be asked what changed since a date; run with --param full=true, or leave the stream out"):format(stream.name), 0)
  end
  if since or options.only then return self:backfill(options, since), false end
  if options.full or saved.cursor == nil or saved.pass or not stream.changes then return self:pass(options) end
  self:compare()
  local complete = self:changes(options)
  if complete == nil then return self:pass(options) end -- the system has forgotten the position
  return complete, false
end

-- Reads from the system what concerns the whole stream. If that fails, the stream fails.
local function ask(out, read, ...)
  local ok, one, two = pcall(read, ...)
  if not ok then out:fail(one) end
  return ok, one, two
end

-- Returns when the part was read or failed last.
function part:tried()
  local saved = self.store.saved
  return math.max(saved.ended or 0, saved.failed or 0)
end

-- Reads the part, and notes how that ended.
function part:read(options)
  local of, out = self.of, self.out
  out.part, out.failed = self, false
  if of and of.title then out.task:note(tostring(of.title)) end
  local ended, fresh = false, false
  if of and of.error then out:fail(of.error) else ended, fresh = self:run(options) end
  if ended and of then
    local saved = self.store.saved
    saved.ended, saved.failed, saved.title = now(), nil, of.title
  end
  return ended, fresh
end

-- Opens the parts of a stream, those first that were not read for the longest time. One that failed comes after those that did not since, so
-- it does not take the time of the others in each run.
local function open_parts(out, kept)
  local stream, parts, ok, list = out.stream, {}, true, { false }
  if stream.parts then ok, list = ask(out, stream.parts) end
  for i, of in ipairs(ok and list or {}) do
    local name = of and ("%s/%s"):format(stream.name, tostring(of.id)) or stream.name
    parts[i] = setmetatable({ out = out, of = of or nil, at = i, store = open_store(kept, name, out) }, part)
  end
  table.sort(parts, function(a, b)
    local x, y = a:tried(), b:tried()
    if x ~= y then return x < y end
    return a.at < b.at
  end)
  return parts
end

-- Reads the parts of a stream. Returns whether all are complete, whether all of each was read in this run, and the store of
-- what concerns them all.
local function read_parts(out, kept, options)
  local base = out.stream.parts and open_store(kept, out.stream.name .. " parts", out)
  local parts = open_parts(out, kept)
  local complete, whole = not out.failed, not out.failed
  out.counts.unread = out.failed
  for i, one in ipairs(parts) do
    if i > 1 and options.ends and now() >= options.ends then
      complete, whole = false, false
      break
    end
    local ended, fresh = one:read(options)
    complete, whole = complete and ended, whole and ended and fresh
    if not out.failed then
      base = base or one.store
      one.store:save()
    elseif one.of then
      one.store:fail()
    else
      out.counts.unread = true
    end
  end
  out.part = nil
  return complete, whole, base
end

--- Synchronizes one stream, and returns what was done. What could not be read is added to the failures.
---@param stream table The stream, as `connector` makes it.
---@param options table Options: `full`, `since`, `start`, `only`, `missing`, `max_missing`, `batch`, `ends`, `space`, `failures`.
---@return table
function sync.run(stream, options)
  local alone = not options.failures and failures.new()
  local owned = stream.owned or {}
  local kept = state.open(options.space)
  local out = writer.new(stream, options.failures or alone, claims.open(options.space, stream.name, not stream.existing and not owned.prefix and not owned.with))
  out.task = progress.start{ name = stream.name, unit = "records" }
  read_marks(kept, out)
  -- Records that do not change do not get a property that was added to the map.
  local mapped, version = kept:get(stream.name .. " properties")
  local names = table.concat(stream.fields, " ")
  if mapped and mapped ~= names and not options.only and not options.since and not options.full then
    log.warn(("%s: the mapped properties have changed. This run only reads records that changed; to update the others, too, run once with --param full=true"):format(stream.name))
  end
  if not options.only then retry(out, options) end
  local complete, whole, base = read_parts(out, kept, options)
  if whole then removals.compare(out, options) end
  if complete and stream.gone and not options.only then
    local ok, keys, position = ask(out, stream.gone, base.saved.gone, options)
    if not ok then
      complete = false
    elseif removals.gone(out, options, keys) then
      base.saved.gone = position -- else the next run decides about them
    end
  end
  if base then base:save() end
  if complete and not options.only and not options.since then kept:set(stream.name .. " properties", names, version) end
  out.counts.complete = complete
  out.task:finish()
  if alone then alone:raise(stream.name, true) end
  return out.counts
end

return sync
