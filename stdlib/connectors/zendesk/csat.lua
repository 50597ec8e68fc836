---@package
--- Brings satisfaction ratings of Zendesk to custom fields of end users, for its connector: `local csat = require "connectors.zendesk.csat"`.
---
--- An end user can give many ratings, and the latest one counts. End users that Planhat does not have are left out, because the stream `users` brings them.
local csat = {}

local F = require "connector.fields"

-- A rating without a comment clears that of the one before.
local comment = F.compute({ "comment" }, function(text) return text or json.null end)
local sources = { score = "score", comment = comment, date = F.date("updated_at"), ticket = "ticket_id" }

--- Notes how the stream brings ratings to NPS answers, which is what it does unless the option `csat` is given.
---@param conn table The connector.
---@param spec table The declaration of the stream.
function csat.prepare(conn, spec)
  conn.nps = { into = spec.into, map = spec.map, owns = spec.owns, prepare = spec.prepare }
end

-- Takes ratings out of the items of a page that are older than one of the same end user that this run has read.
local function latest_only(latest, items)
  for i = 1, #items do
    local one = items[i]
    local before = latest[one.requester_id]
    if not before or tostring(one.updated_at) >= before then latest[one.requester_id] = tostring(one.updated_at) end
  end
  for i = #items, 1, -1 do
    local one = items[i]
    if tostring(one.updated_at) < latest[one.requester_id] then table.remove(items, i) end
  end
end

--- Reads the option `csat`: the custom fields by `score`, `comment`, `date` and `ticket`.
---@param conn table The connector.
---@param own table The options of the run.
function csat.choose(conn, own)
  local spec, wanted = conn.streams.satisfaction, own.csat
  own.csat, conn.csat = nil, wanted
  for name, value in pairs(conn.nps) do spec[name] = value end
  spec.existing, spec.owns = nil, conn.nps.owns
  if wanted == nil then return end
  if type(wanted) ~= "table" or type(wanted.score) ~= "string" then
    error("Zendesk: csat must name custom fields of end users, such as { score = \"custom.CSAT\" }", 3)
  end
  local map, latest, prepare = { sourceId = "requester_id" }, {}, spec.prepare
  for name, property in pairs(wanted) do
    if not sources[name] or type(property) ~= "string" or not property:find("^custom%.") then
      error(("Zendesk: csat takes custom fields for score, comment, date and ticket, such as { score = \"custom.CSAT\" }, not %s = %q"):format(tostring(name), tostring(property)), 3)
    end
    map[property] = sources[name]
  end
  -- An end user without a rating is not missing.
  spec.into, spec.map, spec.existing, spec.owns = "enduser", map, true, function() return false end
  spec.prepare = function(connection, items, stream)
    prepare(connection, items, stream)
    latest_only(latest, items)
  end
  if not own.streams then return end
  local streams = {}
  for i, name in ipairs(own.streams) do
    streams[i] = name
    if name == "satisfaction" then return end
  end
  streams[#streams + 1] = "satisfaction"
  own.streams = streams
end

return csat
