--- A module with documentation.
-- @module documented
-- @param n the number
-- @nonsense
-- @wirtes company --> header: there is no @wirtes (did you mean '@writes'?)

---@class Documented
---@field name string
---@param path:file "CSV"

print(params.path)
print(params.n) --> undeclared-parameter: no parameter 'n'
