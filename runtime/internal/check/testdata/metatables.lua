-- Metatables give functions to tables that do not hold them.
local function class(t)
  return setmetatable(t, { __index = { push = print } })
end
local stack = {}
class(stack)
stack:push(1)
local queue = {}
queue:pull()                           --> unknown-function: 'pull'
