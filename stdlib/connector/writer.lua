---@package
--- Sends the rows of a stream to Planhat: `local writer = require "connector.writer"`. It is a part of `sync`.
local writer = {}

local function now() return time.now() end

-- The largest row and the largest item that are stored to be sent again, in bytes.
local largest_row, largest_item = 500000, 100000

-- Returns a value if it can be stored.
local function storable(value, most)
  local ok, text = pcall(json.encode, value)
  return ok and #text <= most and value or nil
end

local methods = {}
methods.__index = methods

--- Returns a writer of a stream. It sends rows to Planhat and knows which were rejected.
---@param stream table The stream.
---@param failures table The failures of the run.
---@param claims table What is known of keys; see `connector.claims`.
---@return table
function writer.new(stream, failures, claims)
  return setmetatable({
    stream = stream, failures = failures, claims = claims, marks = {}, changed = {}, removed = {}, kept = {}, rows = {}, items = {}, origins = {}, said = now(),
    counts = { read = 0, created = 0, updated = 0, unchanged = 0, rejected = 0, skipped = 0, planned = 0 },
  }, methods)
end

-- The records of the model are read when the first row needs them.
function methods:records()
  if not self.target then
    local stream = self.stream
    self.target = planhat[stream.model].sync_target{ key = stream.key, fields = stream.fields, match = stream.match, prefix = stream.match and stream.owned.prefix }
    self.claims:teach(self.target)
  end
  return self.target
end

-- Adds a row and the item that it was mapped from. Of several rows of one record in a batch, the last one counts.
function methods:add(row, item)
  local key = row[self.stream.key]
  local at = self.origins[key] or #self.rows + 1
  self.rows[at], self.items[at] = run.from(item or row, row), item or false
  self.origins[key] = at
end

-- Stores a mark of a key with the next position, or removes it: `rejected` rows, and
-- records that were `archived`.
function methods:mark(kind, key, value)
  self.marks[kind][key] = value
  self.changed[kind .. " " .. key] = value or json.null
end

-- Sends the rows that were added, and remembers those that Planhat rejects.
function methods:flush()
  local rows, items, counts, stream = self.rows, self.items, self.counts, self.stream
  if #rows == 0 then return end
  self.rows, self.items, self.origins = {}, {}, {}
  local target = self:records()
  for _, row in ipairs(rows) do
    local key = row[stream.key]
    if stream.refer then stream.refer(row) end
    if stream.complete then stream.complete(row, key, target) end
  end
  local result = target:send(rows)
  counts.created = counts.created + result.created
  counts.updated = counts.updated + result.updated
  counts.unchanged = counts.unchanged + result.unchanged
  counts.planned = counts.planned + result.planned
  for _, name in ipairs{ "adopted", "shared" } do
    if result[name] > 0 then counts[name] = (counts[name] or 0) + result[name] end
  end
  local failed, restored = {}, {}
  for _, err in ipairs(result.errors) do failed[err.index] = err.message end
  for i, row in ipairs(rows) do
    local key = row[stream.key]
    local before = self.marks.rejected[key]
    if failed[i] then
      counts.rejected = counts.rejected + 1
      -- A row that is too large is sent by the next complete pass.
      self:mark("rejected", key, { row = storable(row, largest_row), item = items[i] and storable(items[i], largest_item), reason = failed[i], since = before and before.since or time.format(now()), tries = (before and before.tries or 0) + 1 })
    else
      if before then self:mark("rejected", key, nil) end
      if self.marks.archived[key] then
        restored[#restored + 1] = { _id = self.marks.archived[key], key = key }
        self:mark("archived", key, nil)
      end
      if stream.accepted then stream.accepted(key) end
      self.claims:accepted(key, result.links[key], target)
    end
  end
  self.claims:save()
  if #restored > 0 then
    counts.restored = (counts.restored or 0) + #restored
    target:archive(restored, false)
  end
end

-- Keeps an error of reading a part or the stream, or raises it if it ends the run.
function methods:fail(err)
  local of = self.part and self.part.of
  self.failed, self.counts.failed = true, (self.counts.failed or 0) + 1
  self.failures:keep(err, self.stream.name, of and of.id, of and (of.title or self.part.store.saved.title))
end

-- Rejects an item. Its record is there all the same, so a complete pass does not miss it.
function methods:reject(item, reason, key)
  self.counts.rejected = self.counts.rejected + 1
  run.reject(type(item) == "table" and item or { value = tostring(item) }, ("%s%s: %s"):format(self.stream.name, key and " " .. key or "", reason))
  if key then self.kept[#self.kept + 1] = key end
end

return writer
