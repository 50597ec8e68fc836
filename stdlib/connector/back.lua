---@package
--- Writes fields of Planhat's records back to another system: `local back = require "connector.back"`. It is a part of `connector`.
---
--- A field has one owner, so a change cannot travel back and forth. A ledger in the store remembers, for each record and field,
--- the value that Planhat had and the one that the system had when they last agreed. A value is written when Planhat's differs from
--- the ledger and from what the system has, so a system that rounds or trims what it gets is not written to again. Of a field that is
--- read as well, what the system returns is passed on when it differs from the ledger: an echo of what was written does not.
local back = {}

local state = require "state"
local fields, mapping = require "connector.fields", require "connector.mapping"

-- How many records may lose the last values of a property that no record of Planhat has.
local most_cleared = 5

-- The ledger is stored in so many parts, so that a change of one record does not write all of it.
local parts = 256

local function sum_of(text, base, modulus)
  local sum = 0
  for i = 1, #text do sum = (sum * base + text:byte(i)) % modulus end
  return sum
end

--- Returns a number as its shortest digits that make the same number.
---@param number number
---@return string
function back.digits(number)
  if number == math.floor(number) and math.abs(number) < 2 ^ 53 then return ("%.0f"):format(number) end
  local text = ("%.15g"):format(number)
  return tonumber(text) == number and text or ("%.17g"):format(number)
end

-- Returns a value as the text that is compared. White space around text does not count. A long text is replaced by
-- its length and two checksums. Text is not compared as a number, since "4.1" and "4.10" can be two versions.
local function canonical(value)
  if value == nil or value == json.null or value == fields.absent then return "" end
  if type(value) == "table" then
    if next(value) == nil then return "" end
    value = json.encode(value)
  end
  if type(value) == "number" then return back.digits(value) end
  local text = tostring(value):gsub("^%s+", ""):gsub("%s+$", "")
  if #text <= 32 then return text end
  return ("%d:%08x%08x"):format(#text, sum_of(text, 257, 2147483647), sum_of(text, 263, 4294967291))
end

local function property(record, path)
  local own = path:match("^custom%.(.+)$")
  if not own then return record[path] end
  if type(record.custom) == "table" then return record.custom[own] end
end

-- A ledger holds, for each record of the other system, Planhat's and the system's value by field. False is a value that is not known.
local ledger = {}
ledger.__index = ledger

function ledger:part(id)
  local number = sum_of(id, 31, 65521) % parts
  if not self.parts[number] then self.parts[number] = self.kept:get(self.name .. " " .. number) or {} end
  return self.parts[number], number
end

function ledger:get(id, field)
  local entry = (self:part(id))[id]
  return entry and entry[field]
end

function ledger:set(id, field, ours, theirs)
  local part, number = self:part(id)
  part[id] = part[id] or {}
  part[id][field] = { ours, theirs }
  self.changed[number] = true
end

function ledger:save()
  local values = {}
  for number in pairs(self.changed) do values[self.name .. " " .. number] = self.parts[number] end
  if next(values) then self.kept:set_all(values) end
  self.changed = {}
end

local book = {}
book.__index = book

-- Returns the function that replaces the id of a Planhat user by an e-mail address, and that by the value that a field of
-- the system takes for this person.
local function person(conn, spec)
  local emails
  return function(field, id)
    if not emails then
      emails = {}
      for user in planhat.user.each{ select = { "email" } } do emails[user._id] = user.email end
    end
    local email = emails[id]
    if not email then return nil, "its owner is no longer a user of Planhat" end
    if not spec.back.person then return email end
    return spec.back.person(conn, field, email)
  end
end

--- Opens the ledger of a stream.
---@param conn table The connector.
---@param name string The stream.
---@param owned table Planhat's properties by the system's fields: `{ planhat_health = "h" }`, or `{ description = { "description", owner = "planhat" } }` for a field that is read as well.
---@param map table The stream's map.
---@param space string The name under which the ledger is stored.
---@return table
function back.open(conn, name, owned, map, space)
  local spec = conn.streams[name]
  if not spec.back then error(("%s: nothing can be written back to %s"):format(conn.title, name), 0) end
  local self = setmetatable({
    conn = conn, name = conn.name .. " " .. name, spec = spec, key = spec.key or "sourceId", prefix = spec.prefix or "", fields = {}, read = {}, waiting = {}, dropped = {},
    counts = { read = 0, written = 0, refused = 0, absent = 0, planned = 0 },
    ledger = setmetatable({ kept = state.open(space), name = conn.name .. " " .. name .. " back", parts = {}, changed = {} }, ledger),
  }, book)
  local mapped = {}
  for target, from in pairs(map) do
    for _, path in ipairs(from and fields.of(from).paths or {}) do mapped[path:match("[^.]+$")] = { property = target, path = path } end
  end
  for field, to in pairs(owned) do
    local two_way = type(to) == "table"
    local at = mapped[field]
    if at and not two_way then
      error(("%s: the field %s of %s is written back and also mapped to %s; leave one of them out, or say who is right when both change: %s = { %q, owner = \"planhat\" }"):format(
        conn.title, field, name, at.property, field, to), 0)
    end
    if two_way and not (at and at.property == to[1] and (to.owner == "planhat" or to.owner == conn.name)) then
      error(("%s: the field %s of %s must be mapped to %s, with the owner \"planhat\" or %q"):format(conn.title, field, name, tostring(to[1]), conn.name), 0)
    end
    if to == "owner" and map.owner and spec.back.owner == field then
      error(("%s: the owner of %s is read from %s and also written back to it; leave the reading out with map = { %s = { owner = false } }"):format(conn.title, name, conn.title, name), 0)
    end
    self.fields[field] = { field = field, property = two_way and to[1] or to, both = two_way, ours = not two_way or to.owner == "planhat", path = at and at.path }
    self.two_way = self.two_way or two_way
    self.read[field] = true
  end
  if spec.back.check and next(self.read) then spec.back.check(conn, self.read) end
  self.person = person(conn, spec)
  return self
end

-- Writes changes, and halves a batch that the system refuses as a whole until the record
-- that it refuses is known. Returns the reasons of those that were refused, by id.
local function write(self, changes, failed)
  local ok, result = pcall(self.spec.back.write, self.conn, changes)
  if ok then
    for id, reason in pairs(result or {}) do failed[id] = reason end
    return
  end
  if type(result) ~= "table" or (result.kind ~= "validation" and result.kind ~= "not_found") then error(result, 0) end
  if #changes == 1 then
    failed[changes[1].id] = result.message
    return
  end
  local half, first, second = math.floor(#changes / 2), {}, {}
  for i, change in ipairs(changes) do
    local into = i <= half and first or second
    into[#into + 1] = change
  end
  write(self, first, failed)
  write(self, second, failed)
end

-- Compares a value of Planhat with what the system has, and returns whether to write it. What needs no
-- writing is entered in the ledger.
local function differs(self, id, field, value, theirs)
  local before, ours, now = self.ledger:get(id, field.field), canonical(value), canonical(theirs)
  if ours == now then
    self.ledger:set(id, field.field, ours, now)
    return false
  end
  -- Of a field that both have changed, the owner's value counts.
  return field.ours or before and before[2] == now
end

-- Counts a record that the system did not take.
local function refuse(self, change, reason)
  self.counts.refused = self.counts.refused + 1
  run.reject({ id = change.id, values = change.values }, ("%s: %s"):format(self.name, reason))
end

-- How many records a dry run shows.
local shown = 20

-- Shows what a dry run does not write.
local function plan(self, change, current)
  if self.counts.planned > shown then return end
  local parts = {}
  for name, value in pairs(change.values) do
    parts[#parts + 1] = ("%s: %s -> %s"):format(name, json.encode(current[name] == nil and json.null or current[name]), json.encode(value))
  end
  table.sort(parts)
  log.info(("dry run: %s %s would get %s"):format(self.name, change.id, table.concat(parts, ", ")))
end

-- Writes a batch of records back: `{ id, values }`, with the values by field.
local function flush(self, batch)
  if #batch == 0 then return end
  local ids, counts = {}, self.counts
  for i, change in ipairs(batch) do ids[i] = change.id end
  local there, changes = self.spec.back.read(self.conn, ids, self.read), {}
  for _, change in ipairs(batch) do
    local current, values = there[change.id], {}
    if not current then counts.absent = counts.absent + 1 end
    for name, value in pairs(current and change.values or {}) do
      if differs(self, change.id, self.fields[name], value, current[name]) then values[name] = value end
    end
    if next(values) then changes[#changes + 1] = { id = change.id, values = values } end
  end
  local failed, written = {}, {}
  if #changes > 0 and not self.conn.withheld then write(self, changes, failed) end
  if self.conn.withheld then -- by a dry run
    counts.planned = counts.planned + #changes
    for _, change in ipairs(changes) do plan(self, change, there[change.id]) end
    return
  end
  for _, change in ipairs(changes) do
    if not failed[change.id] then written[#written + 1] = change.id end
  end
  -- What the system made of the values is what it will return from now on.
  local made = #written > 0 and self.spec.back.read(self.conn, written, self.read) or {}
  for _, change in ipairs(changes) do
    for name, value in pairs(not failed[change.id] and change.values or {}) do
      local ours, now = canonical(value), canonical((made[change.id] or {})[name])
      -- Some systems ignore fields that do not exist or that a rule protects.
      if now == "" and ours ~= "" then
        failed[change.id] = ("%s answered that it was written, but %s is still empty; look whether the field exists, and who may edit it"):format(self.conn.title, name)
      else
        self.ledger:set(change.id, name, ours, now)
      end
    end
    if failed[change.id] then
      refuse(self, change, failed[change.id])
    else
      counts.written = counts.written + 1
    end
  end
  self.ledger:save()
end

-- Calls visit with each record of Planhat that the system has, and its id there.
function book:each(visit)
  local wanted, known = { self.key }, {}
  for _, field in pairs(self.fields) do
    local top = field.property:match("^[^.]+")
    if not known[top] then
      known[top] = true
      wanted[#wanted + 1] = top
    end
  end
  for record in planhat[self.spec.into].each{ select = wanted } do
    local key = record[self.key]
    if type(key) == "string" and key ~= "" and key:sub(1, #self.prefix) == self.prefix then visit(record, key:sub(#self.prefix + 1)) end
  end
end

-- Returns the value of a record in the form that a field of the system takes, or nil and why there is none.
function book:value(record, field)
  local value = property(record, field.property)
  if value == nil or value == json.null or type(value) == "table" and next(value) == nil then return json.null end
  if field.property == "owner" or field.property == "ownerId" then return self.person(field.field, value) end
  if type(value) == "table" and #value == 0 then
    return nil, ("%s is an object; write one of its values, such as %s.%s"):format(field.property, field.property, tostring((next(value))))
  end
  local form = self.spec.back.form
  if form then return form(self.conn, field.field, value) end
  return value
end

-- Clears fields of records, `{ id = { field, ... } }`. If no record of Planhat has a value for a property, it may have been
-- renamed or deleted there, and clearing the fields of many records would be a loss.
local function clear(self, cleared, seen)
  local counts, batch = {}, {}
  for _, names in pairs(cleared) do
    for _, name in ipairs(names) do counts[name] = (counts[name] or 0) + 1 end
  end
  for name, count in pairs(counts) do
    if not seen[name] and count > most_cleared then
      error(("%s: no record of Planhat has a value for %s, so nothing was cleared: %d records of %s have it in their field %s. Look whether the property was renamed; if the values are to go, clear them there"):format(
        self.conn.title, self.fields[name].property, count, self.name, name), 0)
    end
  end
  for id, names in pairs(cleared) do
    local values = {}
    for _, name in ipairs(names) do values[name] = json.null end
    batch[#batch + 1] = { id = id, values = values }
    if #batch >= (self.spec.back.batch or 100) then
      flush(self, batch)
      batch = {}
    end
  end
  flush(self, batch)
end

-- Writes back what has changed in Planhat: the fields that are read as well (`both`), or the others (`one`). With
-- full, all records are compared with what the system has.
function book:write(which, full)
  local chosen, batch, cleared, seen = {}, {}, {}, {}
  for _, field in pairs(self.fields) do
    if field.both == (which == "both") then chosen[#chosen + 1] = field end
  end
  if #chosen == 0 then return end
  self:each(function(record, id)
    self.counts.read = self.counts.read + 1
    local values = {}
    for _, field in ipairs(chosen) do
      local value, why = self:value(record, field)
      local ours, before = canonical(value), self.ledger:get(id, field.field)
      if value == nil then
        refuse(self, { id = id, values = { [field.field] = property(record, field.property) } }, why)
      elseif field.both and before and not before[1] then
        self.ledger:set(id, field.field, ours, before[2]) -- what was read is what Planhat made of it
      elseif ours ~= (before and before[1] or "") or full and not field.both and ours ~= "" then -- a value that Planhat never had is not a reason to clear the field
        if value ~= json.null then
          values[field.field] = value
        else
          cleared[id] = cleared[id] or {}
          table.insert(cleared[id], field.field)
        end
      end
      seen[field.field] = seen[field.field] or ours ~= ""
    end
    if next(values) then batch[#batch + 1] = { id = id, values = values } end
    if #batch >= (self.spec.back.batch or 100) then
      flush(self, batch)
      batch = {}
    end
  end)
  flush(self, batch)
  clear(self, cleared, seen)
  self.ledger:save()
end

-- Leaves fields out of a row that the system has not changed since they last agreed.
function book:receive(row, item, key)
  local id = tostring(key):sub(#self.prefix + 1)
  for _, field in pairs(self.fields) do
    if field.both then
      local theirs, before = canonical(fields.at(item, field.path)), self.ledger:get(id, field.field)
      if before and before[2] == theirs then
        self.dropped[row] = self.dropped[row] or {}
        self.dropped[row][field.property] = property(row, field.property)
        mapping.set(row, field.property, nil)
      else
        self.waiting[key] = self.waiting[key] or {}
        self.waiting[key][field.field] = theirs
      end
    end
  end
end

-- Puts the fields back into the row of a record that Planhat does not have.
function book:complete(row, key, target)
  local values = self.dropped[row]
  self.dropped[row] = nil
  if not values or target:find(key) then return end
  for name, value in pairs(values) do mapping.set(row, name, value) end
end

-- Enters what Planhat has accepted.
function book:accepted(key)
  for field, theirs in pairs(self.waiting[key] or {}) do
    self.ledger:set(tostring(key):sub(#self.prefix + 1), field, false, theirs)
    self.unread = true
  end
  self.waiting[key] = nil
end

function book:save() self.ledger:save() end

-- Reads what Planhat made of the values that it accepted.
function book:learn()
  if not self.unread then return end
  self:each(function(record, id)
    for name, field in pairs(self.fields) do
      local before = self.ledger:get(id, name)
      if before and not before[1] then self.ledger:set(id, name, canonical((self:value(record, field))), before[2]) end
    end
  end)
  self.ledger:save()
end

return back
