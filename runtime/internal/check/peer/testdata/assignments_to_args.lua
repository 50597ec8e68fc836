local function normalize(row, defaults)
  row = row or {}
  for k, v in pairs(defaults) do if row[k] == nil then row[k] = v end end
  defaults = nil
  return row
end
local function reset(list) list = {} end
local function touch(t) t.x = 1 end
local function chain(a) a.b.c = 1 a.d = a.e end
normalize() reset() touch() chain()
