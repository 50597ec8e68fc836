---@package
--- Writes fields to records of Salesforce for its connector, in collections of up to 200 records.
local writes = {}

local F, queries = require "connector.fields", require "connectors.salesforce.queries"

local api = "/services/data/v{version}/"

-- Returns a field that can be written, or says why it cannot.
local function writable(conn, object, name)
  local field = queries.describe(conn, object).fields[name]
  if not field then
    error(("Salesforce: the field %q of %s does not exist, or the integration user may not read it; check its name and the field-level security"):format(name, object), 0)
  end
  if field.updateable == false then
    error(("Salesforce: the field %q of %s cannot be written; let the integration user edit it (field-level security), or choose another field"):format(name, object), 0)
  end
  return field
end

-- Returns a value of Planhat in the form that a field takes.
local function value_for(field, value)
  if F.is_empty(value) then return json.null end
  if type(value) == "table" then
    local parts = {}
    for i, part in ipairs(value) do parts[i] = tostring(part) end
    return table.concat(parts, ";") -- the form of a multi-select picklist
  end
  if field.type == "date" then return tostring(value):sub(1, 10) end
  if type(value) == "boolean" and field.type ~= "boolean" or type(value) == "number" and (field.type == "string" or field.type == "textarea" or field.type == "picklist") then
    return tostring(value)
  end
  return value
end

-- Returns the id of the active user with an e-mail address, or nil and why there is none.
local function user_of(conn, email)
  if not conn.user_ids then
    conn.user_ids = {}
    queries.each(conn, "SELECT Id, Email FROM User WHERE IsActive = true", function(user)
      local address = tostring(user.Email):lower()
      conn.user_ids[address] = conn.user_ids[address] == nil and user.Id or false
    end)
  end
  local id = conn.user_ids[email:lower()]
  if id then return id end
  return nil, ("Salesforce has %s with the e-mail address %s"):format(id == nil and "no active user" or "several active users", email)
end

local function reason_of(result)
  local err = result.errors and result.errors[1]
  if not err then return "Salesforce gave no reason" end
  local names = type(err.fields) == "table" and #err.fields > 0 and (" (%s)"):format(table.concat(err.fields, ", ")) or ""
  return ("%s: %s%s"):format(tostring(err.statusCode), tostring(err.message), names)
end

--- Declares how fields of Planhat are written to the records of a stream.
---@param spec table The stream: `object`, `ids`.
---@return table
function writes.of(spec)
  return {
    batch = 200, owner = "OwnerId",
    check = function(conn, names) for name in pairs(names) do writable(conn, spec.object, name) end end,
    form = function(conn, name, value) return value_for(writable(conn, spec.object, name), value) end,
    person = function(conn, name, email)
      if writable(conn, spec.object, name).type ~= "reference" then return email end
      return user_of(conn, email)
    end,
    read = function(conn, ids, owned)
      local names, asked, given, found = { "Id" }, {}, {}, {}
      for name in pairs(owned) do names[#names + 1] = name end
      -- Planhat can also hold records of other systems.
      for _, id in ipairs(ids) do
        local long = queries.long(id)
        if #long == 18 and long:match("^%w+$") and long:sub(1, 3) == spec.ids then
          asked[#asked + 1] = ("'%s'"):format(long)
          given[long] = id
        end
      end
      if #asked == 0 then return found end
      local query = ("SELECT %s FROM %s WHERE Id IN (%s)"):format(table.concat(names, ", "), spec.object, table.concat(asked, ", "))
      queries.each(conn, query, function(record) found[given[queries.long(record.Id)]] = record end)
      return found
    end,
    write = function(conn, changes)
      local records, failed = {}, {}
      for i, change in ipairs(changes) do
        local record = { attributes = { type = spec.object }, id = queries.long(change.id) }
        for name, value in pairs(change.values) do record[name] = value end
        records[i] = record
      end
      local results = queries.call(conn, { patch = api .. "composite/sobjects", json = { allOrNone = false, records = json.array(records) }, repeatable = true })
      for i, result in ipairs(results or {}) do
        if result.success ~= true then failed[changes[i].id] = reason_of(result) end
      end
      return failed
    end,
  }
end

return writes
