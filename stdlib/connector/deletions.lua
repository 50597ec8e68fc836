--- Keeps what a system lists as deleted among its changes: `local deletions = require "connector.deletions"`.
---
--- The position in such a list is stored before Planhat's records are removed, so a run that ends in between would lose
--- deletions. They are stored first, page by page, and removed by the run that is complete. What was restored until then is not removed.
local deletions = {}

local state = require "state"

local log = {}
log.__index = log

--- Opens the deletions of a stream.
---@param space string The name under which they are stored.
---@param name string The stream's name.
---@return table
function deletions.open(space, name)
  local self = setmetatable({ kept = state.open(space), name = name .. " ", pages = {}, ids = {}, last = 0 }, log)
  for _, key in ipairs(self.kept:keys()) do
    if key:sub(1, #self.name) == self.name then self.pages[#self.pages + 1] = tonumber(key:sub(#self.name + 1)) end
  end
  table.sort(self.pages)
  for _, number in ipairs(self.pages) do
    self:apply(number, self.kept:get(self:key(number)))
  end
  return self
end

function log:key(number) return self.name .. ("%012d"):format(number) end

-- Applies a page: ids with true for deleted and false for restored.
function log:apply(number, page)
  for id, gone in pairs(page) do self.ids[id] = gone and number or nil end
  self.last = number
end

-- Takes the deleted ones out of the items of a page, and stores their ids.
function log:take(items, is_deleted)
  local page, left = {}, {}
  for _, item in ipairs(items) do
    if is_deleted(item) then
      page[item.id] = true
    else
      if self.ids[item.id] then page[item.id] = false end
      left[#left + 1] = item
    end
  end
  for i = #items, 1, -1 do items[i] = left[i] end
  if not next(page) then return end
  local number = self.last + 1
  self.kept:set(self:key(number), page)
  self.pages[#self.pages + 1] = number
  self:apply(number, page)
end

-- Returns the ids that were deleted after the page that was handled last, and the last page.
-- Pages that were handled are forgotten, except the last one, because its number is the latest.
function log:since(handled)
  handled = handled or 0
  local ids, left = {}, {}
  for _, number in ipairs(self.pages) do
    if number < handled then
      self.kept:set(self:key(number), nil)
    else
      left[#left + 1] = number
    end
  end
  self.pages = left
  for id, number in pairs(self.ids) do
    if number > handled then ids[#ids + 1] = id end
  end
  table.sort(ids)
  return ids, self.last
end

return deletions
