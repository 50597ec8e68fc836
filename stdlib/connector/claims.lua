---@package
--- Remembers which of Planhat's records belong to a system: `local claims = require "connector.claims"`. It is a part of `connector`.
---
--- Several systems fill one Planhat. A record has the key of one of them, its owner; others share it. For each key this store has
--- an empty text if Planhat has the key, or else the record that is shared and hashes of the values that it got, as `sync_target` writes it.
local claims = {}

local state = require "state"

-- How many keys are stored together.
local page_size = 500

local store = {}
store.__index = store

--- Opens the keys of a stream.
---@param space string The space of the connector's values.
---@param name string The stream's name.
---@param every boolean? Whether to remember each key, because they do not say that they are the system's.
---@return table
function claims.open(space, name, every)
  local self = setmetatable({ kept = state.open(space .. " claims"), name = name, every = every, pages = {}, where = {}, counts = {}, changed = {} }, store)
  for number = 1, math.huge do
    local page = self.kept:get(("%s %d"):format(name, number))
    if not page then break end
    local count = 0
    for key in pairs(page) do
      self.where[key] = number
      count = count + 1
    end
    self.pages[number], self.counts[number] = page, count
  end
  return self
end

-- Returns what is known of a key, or nil.
function store:get(key)
  local number = self.where[key]
  return number and self.pages[number][key]
end

-- Notes something about a key. `save` stores it.
function store:set(key, value)
  local number = self.where[key]
  if number and self.pages[number][key] == value then return end
  if not number then
    number = math.max(1, #self.pages)
    if (self.counts[number] or 0) >= page_size then number = number + 1 end
    self.pages[number], self.counts[number] = self.pages[number] or {}, (self.counts[number] or 0) + 1
    self.where[key] = number
  end
  self.pages[number][key] = value
  self.changed[number] = true
end

function store:save()
  local values = {}
  for number in pairs(self.changed) do values[("%s %d"):format(self.name, number)] = self.pages[number] end
  if next(values) then self.kept:set_all(values) end
  self.changed = {}
end

-- Notes a row that Planhat has accepted, with its link if it shares a record and that has changed.
function store:accepted(key, link, target)
  local known = self:get(key)
  if link then
    self:set(key, link)
  elseif known == nil and self.every or known and known ~= "" and target:find(key) then
    self:set(key, "")
  end
end

-- Forgets what a key shares, because the system no longer has its record.
function store:forget(key)
  local known = self:get(key)
  if known and known ~= "" then self:set(key, "") end
end

-- Tells a target what earlier runs knew.
function store:teach(target)
  for _, page in ipairs(self.pages) do target:learn(page) end
end

-- By what records without the key of a row are found: what systems agree on.
local by = { company = "domains", enduser = "email" }

--- Returns the property by which the rows of a stream find records that do not have their key, or nil if they have none.
---@param model string The model.
---@param names string[] The properties of the rows.
---@return string?
function claims.property(model, names)
  for _, name in ipairs(names) do
    if name == by[model] then return name end
  end
end

--- Returns a function that names the company of a row by its `_id` if the company has another system's key.
---@param conn table The connector.
---@param space string The space of its values.
---@return function
function claims.referrer(conn, space)
  local stores
  local function open()
    local list = {}
    for _, name in ipairs(conn.order) do
      if conn.streams[name].into == "company" then
        local place = conn.places[name] or space
        list[#list + 1] = claims.open(place, conn.name .. " " .. name)
        if place ~= space then list[#list + 1] = claims.open(space, conn.name .. " " .. name) end
      end
    end
    return list
  end
  return function(row)
    for _, property in ipairs{ "companyId", "cId" } do
      local key = type(row[property]) == "string" and row[property]:match("^srcid%-(.+)$")
      stores = stores or key and open()
      for _, companies in ipairs(key and stores or {}) do
        local link = companies:get(key)
        if link and link ~= "" then
          row[property] = link:match("^[^\n]+")
          break
        end
      end
    end
  end
end

return claims
