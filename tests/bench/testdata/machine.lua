-- Returns the seconds that a part of Lua takes, or the names of all parts.
local parts = {}

function parts.pcall(n)
  local function f(a) return a end
  for i = 1, n do pcall(f, i) end
end

parts["pcall of an error"] = function(n)
  local function f() error("x") end
  for _ = 1, n do pcall(f) end
end

parts["switch of coroutines"] = function(n)
  local step = coroutine.wrap(function() while true do coroutine.yield(1) end end)
  for _ = 1, n / 2 do step() end
end

parts["new coroutine"] = function(n)
  local function f() end
  for _ = 1, n / 10 do coroutine.wrap(f)() end
end

function parts.calls(n)
  local function fib(k) if k < 2 then return k end return fib(k - 1) + fib(k - 2) end
  for _ = 1, n / 1000 do fib(14) end
end

function parts.arithmetic(n)
  local sum = 0
  for i = 1, 10 * n do sum = sum + i % 7 * 2 end
end

function parts.lists(n)
  local t = {}
  for i = 1, n do t[i] = i end
  for _ = 1, 5 do for i = 1, n do t[i] = t[i] + 1 end end
  return t
end

function parts.fields(n)
  local t = { a = 1, b = { c = 2 } }
  for _ = 1, 3 * n do t.a = t.a + t.b.c end
  return t
end

function parts.methods(n)
  local class = {}
  class.__index = class
  function class:add(k) self.sum = self.sum + k end
  local object = setmetatable({ sum = 0 }, class)
  for i = 1, 2 * n do object:add(i) end
end

function parts.closures(n)
  for i = 1, n do
    local k = i
    local f = function() k = k + 1 return k end
    f()
  end
end

function parts.metamethods(n)
  local m = { __add = function(a) return a end, __index = function(_, k) return k end }
  local t = setmetatable({}, m)
  for _ = 1, n do t = t + 1; local _ = t.x end
end

parts["joined strings"] = function(n)
  for i = 1, n do local _ = "row " .. i .. ", " .. "x" end
end

parts["string functions"] = function(n)
  local s = "the quick brown fox"
  for _ = 1, n / 4 do
    local _ = s:sub(5, 9):upper() .. #s
    local _ = s:find("brown", 1, true)
  end
end

parts["extra arguments"] = function(n)
  local function f(...) return select("#", ...), ... end
  for i = 1, n do f(i, i, i) end
end

function parts.loops(n)
  local t = {}
  for i = 1, 1000 do t[i] = i end
  for _ = 1, n / 200 do
    for _, v in ipairs(t) do local _ = v end
    for _, v in pairs(t) do local _ = v end
  end
end

function parts.sorting(n)
  local t = {}
  for i = 1, n / 10 do t[i] = i * 7919 % 1000 end
  table.sort(t, function(a, b) return a < b end)
end

local part = parts[...]
if not part then
  local names = {}
  for name in pairs(parts) do names[#names + 1] = name end
  return table.concat(names, ",")
end
local best = math.huge
for _ = 1, 3 do
  local began = os.clock()
  part(20000)
  best = math.min(best, os.clock() - began)
end
return best
