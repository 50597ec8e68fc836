--- Writes fields of Planhat's records back to another system: `local back = require "connector.back"`.
---
--- Each field has one owner, so a change cannot travel back and forth. A value is written when it differs from
--- the last one that was written and from what the system has. A ledger in the store remembers the values,
--- so a system that rounds or trims what it gets is not written to again.
local back = {}

local state = require "state"

-- The ledger is stored in so many parts, so that a change of one record does not
-- write all of it.
local parts = 64

local function part_of(id)
  local sum = 0
  for i = 1, #id do sum = (sum * 31 + id:byte(i)) % 65521 end
  return sum % parts
end

-- A ledger holds, for each record of the other system, the values that were written.
local ledger = {}
ledger.__index = ledger

local function open(space, name)
  return setmetatable({ kept = state.open(space), name = name, parts = {}, changed = {} }, ledger)
end

function ledger:part(id)
  local number = part_of(id)
  if not self.parts[number] then self.parts[number] = self.kept:get(self.name .. " " .. number) or {} end
  return self.parts[number], number
end

function ledger:get(id) return (self:part(id))[id] or {} end

function ledger:set(id, values)
  local part, number = self:part(id)
  part[id] = values
  self.changed[number] = true
end

function ledger:save()
  local values = {}
  for number in pairs(self.changed) do values[self.name .. " " .. number] = self.parts[number] end
  if next(values) then self.kept:set_all(values) end
  self.changed = {}
end

-- Returns a value as the text that systems compare: numbers without an exponent, white space
-- around text does not count.
local function canonical(value)
  if value == nil or value == json.null then return "" end
  if type(value) == "table" then return json.encode(value) end
  local number = tonumber(value)
  if number then return ("%.10g"):format(number) end
  return (tostring(value):gsub("^%s+", ""):gsub("%s+$", ""))
end

local function property(record, path)
  local own = path:match("^custom%.(.+)$")
  if own then return record.custom and record.custom[own] end
  return record[path]
end

-- Writes changes, and halves a batch that the system refuses as a whole until the record
-- that it refuses is known.
local function write(spec, changes, failed)
  local ok, result = pcall(spec.write, changes)
  if ok then
    for id, reason in pairs(result or {}) do failed[id] = reason end
    return
  end
  local whole = type(result) ~= "table" or (result.kind ~= "validation" and result.kind ~= "not_found")
  if whole then error(result, 0) end
  if #changes == 1 then
    failed[changes[1].id] = result.message
    return
  end
  local half, first, second = math.floor(#changes / 2), {}, {}
  for i, change in ipairs(changes) do
    local into = i <= half and first or second
    into[#into + 1] = change
  end
  write(spec, first, failed)
  write(spec, second, failed)
end

-- Compares a batch with what the system has, and writes what differs.
local function flush(spec, book, batch, counts, name)
  if #batch == 0 then return end
  local ids = {}
  for i, change in ipairs(batch) do ids[i] = change.id end
  local there, changes = spec.read(ids), {}
  for _, change in ipairs(batch) do
    local current = there[change.id]
    if current then
      local differs
      for field, value in pairs(change.values) do
        if canonical(current[field]) ~= canonical(value) then
          differs = differs or {}
          differs[field] = value
        end
      end
      if differs then
        changes[#changes + 1] = { id = change.id, values = differs }
      else
        book:set(change.id, change.book)
      end
    else
      counts.absent = counts.absent + 1
    end
  end
  local failed = {}
  if #changes > 0 then write(spec, changes, failed) end
  local refused = {}
  for _, change in ipairs(changes) do
    if failed[change.id] then
      refused[change.id] = true
      counts.refused = counts.refused + 1
      run.reject({ id = change.id, values = change.values }, ("%s: %s"):format(name, failed[change.id]))
    else
      counts.written = counts.written + 1
    end
  end
  local written = {}
  for _, change in ipairs(changes) do written[change.id] = not refused[change.id] end
  for _, change in ipairs(batch) do
    if written[change.id] then book:set(change.id, change.book) end
  end
  book:save()
end

--- Writes the fields of one model back, and returns how many records were written and refused.
---@param spec table `name`, `model`, `key`, `prefix`, `fields`: Planhat's properties by the system's fields; `read(ids)`: the fields of these records; `write(changes)`: sends `{ id, values }` and returns reasons by id; `batch`: how many at once.
---@param space string The name under which the ledger is stored.
---@return table
function back.run(spec, space)
  local book, counts, batch = open(space, spec.name .. " back"), { read = 0, written = 0, refused = 0, absent = 0 }, {}
  local wanted, known = { spec.key }, {}
  for _, path in pairs(spec.fields) do
    local top = path:match("^[^.]+")
    if not known[top] then
      known[top] = true
      wanted[#wanted + 1] = top
    end
  end
  local prefix = spec.prefix or ""
  for record in planhat[spec.model].each{ select = wanted } do
    local key = record[spec.key]
    if type(key) == "string" and key:sub(1, #prefix) == prefix and key ~= "" then
      counts.read = counts.read + 1
      local id = key:sub(#prefix + 1)
      local before, now, values = book:get(id), {}, {}
      for field, path in pairs(spec.fields) do
        local value = property(record, path)
        now[field] = canonical(value)
        -- A value that Planhat never had is not a reason to clear the field.
        if now[field] ~= (before[field] or "") then values[field] = value == nil and json.null or value end
      end
      if next(values) then batch[#batch + 1] = { id = id, values = values, book = now } end
      if #batch >= (spec.batch or 100) then
        flush(spec, book, batch, counts, spec.name)
        batch = {}
      end
    end
  end
  flush(spec, book, batch, counts, spec.name)
  return counts
end

return back
