---@package
--- Writes fields to organizations of Zendesk for its connector, one organization after another.
local writes = {}

-- Returns why Zendesk refused a change, with what it says about the fields.
local function reason_of(err)
  local ok, body = pcall(json.decode, err.body or "")
  local said = {}
  for field, problems in pairs(ok and type(body) == "table" and type(body.details) == "table" and body.details or {}) do
    for _, problem in ipairs(problems) do said[#said + 1] = ("%s: %s"):format(field, tostring(problem.description)) end
  end
  table.sort(said)
  return #said > 0 and table.concat(said, "; ") or err.message
end

--- Declares how fields of Planhat are written to organizations.
---@param read_many function Reads records of a kind by their ids.
---@param listed function Makes a request for a page of a list.
---@return table
function writes.of(read_many, listed)
  return {
    batch = 100,
    -- Zendesk ignores values of fields that do not exist.
    check = function(conn, names)
      local known = {}
      conn:each(listed("organization_fields", {}), function(field) known[field.key] = field.active ~= false end)
      for name in pairs(names) do
        if known[name] == nil then
          error(("Zendesk: organizations have no field with the key %q; look in the Admin Center, under People, Organization fields"):format(name), 0)
        elseif not known[name] then
          error(("Zendesk: the field %q of organizations is inactive; activate it in the Admin Center, under People, Organization fields"):format(name), 0)
        end
      end
    end,
    read = function(conn, ids)
      local found = {}
      for id, record in pairs(read_many(conn, "organizations", ids)) do found[id] = record.organization_fields end
      return found
    end,
    write = function(conn, changes)
      local failed = {}
      for _, change in ipairs(changes) do
        local ok, err = pcall(conn.call, conn, { put = "/api/v2/organizations/" .. change.id .. ".json", json = { organization = { organization_fields = change.values } } })
        if not ok then
          if type(err) ~= "table" or err.kind ~= "validation" and err.kind ~= "not_found" then error(err, 0) end
          failed[change.id] = reason_of(err)
        end
      end
      return failed
    end,
  }
end

return writes
