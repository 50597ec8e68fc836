---@package
--- Decides which position a script continues at: `local positions = require "connector.positions"`. It is a part of `connector`.
---
--- The position of an account belongs to the script that read it last. Another script shares it if it means the same: it may be the first one under another name.
--- A script that takes other records or maps them differently gets a position for itself, and its first run reads everything.
local _, _, host = ...
local positions = {}

local state = require "state"

-- What a setting changes besides these can change which records there are.
local harmless = { bulk_above = true, missing = true, page = true, rate = true }

--- Returns a short text that differs if the options that choose the records of a stream do: its filter, what the connector's declaration names, and how ids begin.
---@param conn table The connector.
---@param name string The stream's name.
---@param options table The options of the run.
---@return string
function positions.takes(conn, name, options)
  local spec = conn.streams[name]
  return host.sum{ filter = options.filter and options.filter[name] or false, takes = spec.takes and spec.takes(conn, options) or false, prefix = spec.prefix or "" }
end

--- Returns the name under which the position of a stream is stored for this script.
---@param conn table The connector.
---@param name string The stream's name.
---@param options table The options of the run.
---@param space string The name for the account.
---@return string space
---@return string apart What the names of other values of this position end with.
function positions.open(conn, name, options, space)
  local settings = {}
  for setting, value in pairs(conn.settings) do
    if not harmless[setting] then settings[setting] = value end
  end
  local means = host.sum{ takes = positions.takes(conn, name, options), map = options.map and options.map[name] or false, start = options.start or false, settings = settings }
  local script, title = host.script()
  -- A script can read a stream several times, each time other records.
  local place = space .. " " .. name
  local earlier = conn.readings[place] or {}
  conn.readings[place] = earlier
  local at = 1
  while earlier[at] and earlier[at] ~= means do at = at + 1 end
  earlier[at] = means
  if at > 1 then script = ("%s-%d"):format(script, at) end

  local key, apart = ("%s %s reader"):format(conn.name, name), " of " .. script
  local ours, shared = state.open(space .. apart), state.open(space)
  if ours:get(key) then return space .. apart, apart end
  local reader, version = shared:get(key)
  if not reader or reader.script == script or reader.means == means then
    if not reader or reader.script ~= script or reader.means ~= means then shared:set(key, { script = script, title = title, means = means }, version) end
    return space, ""
  end
  log.info(("%s %s: %s reads this account with other options, so %s gets a position for itself and reads everything at first"):format(
    conn.title, name, reader.script:match("^%x+") == script:match("^%x+") and "another call of this script" or reader.title, at > 1 and "this call" or "this script"))
  ours:set(key, { script = script, title = title, means = means })
  return space .. apart, apart
end

return positions
