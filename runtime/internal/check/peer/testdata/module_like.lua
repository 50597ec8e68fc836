local M = {}
local cache = {}
local hits = 0
function M.get(key)
  local value = cache[key]
  if value then hits = hits + 1 return value end
  local loaded = M.load(key)
  cache[key] = loaded
  return loaded
end
function M.load(key) return key end
function M.clear() cache = {} end
local function private() return hits end
return M
