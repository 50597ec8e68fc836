---@package
--- The streams of a run: `local streams = require "connector.streams"`. It is a part of `connector`.
local streams = {}

--- Returns the streams to run, each after those that it refers to.
---@param conn table The connector.
---@param wanted table<string, boolean> The streams that the run names.
---@return string[]
function streams.ordered(conn, wanted)
  local list, done = {}, {}
  local function add(name)
    if done[name] then return end
    done[name] = true
    local spec = conn.streams[name] or error(("%s has no stream %q; it has %s"):format(conn.title, tostring(name), table.concat(conn.order, ", ")), 0)
    if spec.after and wanted[spec.after] then add(spec.after) end
    list[#list + 1] = name
  end
  for _, name in ipairs(conn.order) do if wanted[name] then add(name) end end
  for name in pairs(wanted) do add(name) end
  return list
end

--- Logs what was done with a stream.
---@param conn table The connector.
---@param name string The stream.
---@param counts table What was done.
---@param began number When it began.
function streams.tell(conn, name, counts, began)
  log.info(("%s %s: %d read"):format(conn.title, name, counts.read), {
    adopted = counts.adopted, shared = counts.shared, created = counts.created, updated = counts.updated, unchanged = counts.unchanged, rejected = counts.rejected, missing = counts.missing,
    failed = counts.failed, archived = counts.archived, deleted = counts.deleted, planned = counts.planned > 0 and counts.planned or nil, unmapped = counts.unmapped > 0 and counts.unmapped or nil, seconds = math.floor(time.now() - began + 0.5),
  })
  if not counts.complete and not counts.failed then log.info(("%s %s: the time was up; the next run continues there"):format(conn.title, name)) end
end

return streams
