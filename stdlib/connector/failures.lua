---@package
--- Keeps the errors that concern one part or one stream, so the others are read all the same: `local failures = require "connector.failures"`. It is a part of `sync` and `connector`.
local failures = {}

-- With these, the next request fails as well, whatever it asks for.
local ends = { auth = true, rate_limited = true, network = true, cancelled = true, config = true, io = true }

-- These can concern one part, such as a form with more answers than the system can count, or all of the system.
local doubtful = { server = true, timeout = true }

--- Reports whether an error of reading concerns only what was read: a form that was deleted, or one that has two questions where one is needed.
--- A script's permission has no status, and Planhat's errors have a model.
---@param err any The error.
---@return boolean
function failures.concerns_one(err)
  if type(err) ~= "table" then return true end
  if ends[err.kind] or err.model then return false end
  return err.status ~= nil or doubtful[err.kind] or err.kind == "validation"
end

local function text_of(err) return type(err) == "table" and err.message and tostring(err.message) or tostring(err) end

-- Names what failed before the reason, unless the reason names it.
local function with_name(name, of, title, text)
  local known = not of or text:find(tostring(of), 1, true) and (not title or text:find(title, 1, true))
  if known then return of and text or ("%s: %s"):format(name, text) end
  return ("%s, %s%s: %s"):format(name, tostring(of), title and (" (%s)"):format(title) or "", text)
end

local kept = {}
kept.__index = kept

--- Returns an empty list of failures of a run.
---@return table
function failures.new() return setmetatable({ list = {}, most = 20 }, kept) end

--- Keeps an error, or raises it if it ends the run. Two errors of the system one after the other are not about what was read.
---@param err any The error.
---@param name string The stream's name.
---@param of any The part's id, or nil for the stream.
---@param title string? The part's title.
function kept:keep(err, name, of, title)
  local doubt = type(err) == "table" and doubtful[err.kind] or false
  local one = failures.concerns_one(err) and not (doubt and self.doubt)
  if not one and #self.list == 0 then error(err, 0) end
  self.doubt = doubt
  local text, hint = text_of(err), type(err) == "table" and err.hint
  local line = with_name(name, of, title, text)
  if hint and not line:find(hint, 1, true) then line = line .. "; " .. hint end
  if not one then
    local before = self:lines()
    if type(err) ~= "table" then error(("%s\nBefore that, these failed:%s"):format(text, before), 0) end
    err.message = ("%s\nBefore that, these failed:%s"):format(text, before)
    error(err, 0)
  end
  self.list[#self.list + 1] = { err = err, name = name, of = of, title = title, line = line }
  log.warn(line)
end

--- Says that something was read, so the system is not down.
function kept:works() self.doubt = false end

function kept:lines()
  local lines = {}
  for i = 1, math.min(#self.list, self.most) do lines[i] = "\n  " .. self.list[i].line end
  if #self.list > self.most then lines[#lines + 1] = ("\n  and %d more, which the log names"):format(#self.list - self.most) end
  return table.concat(lines)
end

--- Raises what was kept, if there is any.
---@param title string The system's title.
---@param alone boolean Whether the run had only one stream.
function kept:raise(title, alone)
  local first = self.list[1]
  if not first then return end
  if #self.list > 1 then
    error(("%s: %d could not be read. The others were read. Of those below, nothing was removed, and the next run continues them where they stopped:%s"):format(title, #self.list, self:lines()), 0)
  end
  local text = text_of(first.err)
  if first.of or not alone then text = with_name(first.name, first.of, first.title, text) end
  if type(first.err) ~= "table" then error(text, 0) end
  first.err.message = text
  error(first.err, 0)
end

return failures
