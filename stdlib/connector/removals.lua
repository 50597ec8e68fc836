---@package
--- Removes from Planhat what another system no longer has: `local removals = require "connector.removals"`. It is a part of `sync`.
local removals = {}

-- Deletes or archives what the other system no longer has, or reports it.
local function remove(out, found, options)
  -- A complete pass and the system's own list can both name a record.
  local counts, stream, records = out.counts, out.stream, {}
  for _, record in ipairs(found) do
    if not out.removed[record._id] then records[#records + 1] = record end
    if not options.undecided then out.removed[record._id] = true end
  end
  counts.missing = (counts.missing or 0) + #records
  local action = options.missing or "report"
  if action == "ignore" then return end
  local why = options.why or {}
  for i = 1, math.min(#records, 20) do
    log.warn(("%s: %s %s"):format(stream.name, records[i].key, why[records[i]] or "no longer exists there"), { model = stream.model, id = records[i]._id })
  end
  if #records > 20 then log.warn(("%s: %d more are no longer there"):format(stream.name, #records - 20)) end
  if #records == 0 or action == "report" then return end
  if action == "archive" and not out:records().archives then
    log.warn(("%s: Planhat does not archive such records, so they were only reported; missing = \"delete\" deletes them"):format(stream.name))
    return
  end
  if action == "archive" then
    counts.archived = (counts.archived or 0) + out:records():archive(records).updated
    for _, record in ipairs(records) do out:mark("archived", record.key, record._id) end
    return
  end
  for _, record in ipairs(records) do planhat[stream.model].delete(record._id) end
  counts.deleted = (counts.deleted or 0) + #records
end

-- Returns the options for removing records: too many of all are only reported.
local function within(out, records, options)
  local known, most = out:records():known(), options.max_missing or 0.05
  if #records <= known * most or #records <= 1 or (options.missing ~= "archive" and options.missing ~= "delete") then return options end
  log.warn(("%s: %d of %d records are missing, which is more than %g%%, so none was removed; if they should be, raise max_missing"):format(
    out.stream.name, #records, known, most * 100))
  return { missing = "report", undecided = true }
end

-- Reports whether it is certain that records with a key come from the stream's system.
local function owns(stream, options)
  return (stream.owned and (stream.owned.prefix or stream.owned.with) or options.sole_source) and true or false
end

-- How many missing records are looked up if they are only reported.
local looked_up = 200

-- Asks the system for records that its list did not have, if the stream can: a list that moves while it is read can leave
-- out records that are there. Returns those that are really missing, and why, for those about which the system says it.
local function confirmed(stream, missing, options)
  local removes = options.missing == "archive" or options.missing == "delete"
  if not stream.present or not removes and #missing > looked_up then return missing, {} end
  local prefix, ids, gone, why = stream.owned and stream.owned.prefix or "", {}, {}, {}
  for i, record in ipairs(missing) do ids[i] = record.key:sub(#prefix + 1) end
  local there = stream.present(ids)
  for i, record in ipairs(missing) do
    local said = there[ids[i]]
    if not said or type(said) == "string" then -- a text says why a record that exists does not belong to the stream
      gone[#gone + 1] = record
      why[record] = said or nil
    end
  end
  if #gone < #missing then
    log.warn(("%s: the list left out records that are there, so they stay as they are: %d"):format(stream.name, #missing - #gone))
  end
  return gone, why
end

-- Returns the records that belong to a part that this run reads: another script may read the other parts.
local function ours(stream, records)
  if not stream.owns then return records end
  local list = {}
  for _, record in ipairs(records) do
    if stream.owns(record.key) then list[#list + 1] = record end
  end
  return list
end

--- After a complete pass, records that had no row are missing.
---@param out table The writer of the stream.
---@param options table The options of the run.
function removals.compare(out, options)
  if out.counts.read == 0 then
    log.warn(("%s: the system has no records; if that is wrong, look at the token's permissions"):format(out.stream.name))
    return
  end
  for _, key in ipairs(out.kept) do out:records():keep(key) end
  local missing = ours(out.stream, out:records():missing(out.stream.owned or {}))
  if #missing > 0 and not owns(out.stream, options) then
    -- Those that no run has read may be of another system that fills the same property.
    local all = #missing
    missing = ours(out.stream, out:records():missing{ known = true })
    if #missing < all then
      log.info(("%s: %d records in Planhat have a %s that this connector never read; they may be of another system, so they stay. If this connector is the only source of %s, set sole_source = true"):format(
        out.stream.name, all - #missing, out.stream.key, out.stream.key))
    end
  end
  local allowed = within(out, missing, options)
  if allowed == options and #missing > 0 then
    local why
    missing, why = confirmed(out.stream, missing, options)
    allowed = { missing = options.missing, why = why }
  end
  remove(out, missing, allowed)
end

--- Removes what the other system says was deleted. Returns false if that would be too many, so nothing was removed.
---@param out table The writer of the stream.
---@param options table The options of the run.
---@param keys string[] The keys of the records.
---@return boolean
function removals.gone(out, options, keys)
  local records = {}
  for _, key in ipairs(keys) do
    local record = out:records():find(key)
    if record then records[#records + 1] = record end
    if out.marks.rejected[key] then out:mark("rejected", key, nil) end
    out.claims:forget(key)
  end
  local allowed = within(out, records, options)
  remove(out, records, allowed)
  return allowed == options
end

return removals
