---@package
--- Finds Planhat's companies for the customers that another system names: `local customers = require "connector.customers"`. It is a part of `connector`.
local customers = {}

local fields = require "connector.fields"

-- Adds a company under a name. A name that several companies have leads to none of them.
local function add(index, name, id)
  if fields.is_empty(name) then return end
  if index[name] == nil then index[name] = id elseif index[name] ~= id then index[name] = false end
end

--- Reads Planhat's companies, and returns a function that finds the one of a customer: by the customer's `key`, which is an
--- `externalId` or else a `sourceId`, and otherwise by its `domain`. Domains that several companies have lead to none.
---@return function
function customers.finder()
  local externals, sources, domains = {}, {}, {}
  for company in planhat.company.each{ select = { "externalId", "sourceId", "domains" } } do
    add(externals, company.externalId, company._id)
    add(sources, company.sourceId, company._id)
    for _, domain in ipairs(fields.is_empty(company.domains) and {} or company.domains) do add(domains, fields.domain(domain), company._id) end
  end
  return function(customer)
    local key, domain = customer.key, customer.domain
    local found = not fields.is_empty(key) and (externals[tostring(key)] or sources[tostring(key)])
    return found or not fields.is_empty(domain) and domains[fields.domain(domain)] or nil
  end
end

return customers
