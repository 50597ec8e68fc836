---@package
--- Links Jira's issues to the pages of Planhat's companies: `local links = require "connectors.jira.links"`.
---
--- Each link has an id of its company, by which Jira knows it again, so writing it twice makes one link. Links that others made stay.
local links = {}

local fields = require "connector.fields"

-- The field of the option `back` that means links.
links.field = "remotelinks"

local system = "system=planhat&company="

--- Returns the ids of companies in the order in which they are compared.
---@param ids any The ids, or null.
---@return string[]
function links.sorted(ids)
  local list = json.array{}
  for i, id in ipairs(fields.is_empty(ids) and {} or ids) do list[i] = id end
  table.sort(list)
  return list
end

--- Returns the ids of the companies that an issue is linked to.
---@param conn table The connector.
---@param path string The path of the issue's links.
---@return string[]
function links.read(conn, path)
  local ids = json.array{}
  for _, link in ipairs(conn:call{ get = path, reads = true }) do
    local id = link.globalId
    if type(id) == "string" and id:sub(1, #system) == system then ids[#ids + 1] = id:sub(#system + 1) end
  end
  table.sort(ids)
  return ids
end

--- Makes an issue's links those to the companies with these ids.
---@param conn table The connector.
---@param path string The path of the issue's links.
---@param wanted any The ids, or null.
---@param page string The address of a company's page, with `{id}` for its id.
---@param name_of function Returns the name of a company.
function links.write(conn, path, wanted, page, name_of)
  local there, keep = {}, {}
  for _, id in ipairs(links.read(conn, path)) do there[id] = true end
  for _, id in ipairs(fields.is_empty(wanted) and {} or wanted) do
    keep[id] = true
    if not there[id] then
      conn:call{ post = path, repeatable = true, json = {
        globalId = system .. id, application = { type = "com.planhat", name = "Planhat" }, relationship = "is asked for by",
        object = { url = page:gsub("{id}", id), title = name_of(id) },
      } }
    end
  end
  for id in pairs(there) do
    if not keep[id] then conn:call{ delete = path, query = { globalId = system .. id }, repeatable = true } end
  end
end

return links
