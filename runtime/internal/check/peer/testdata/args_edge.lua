local function f(a, b, c) a = 1 b = b + 1 return function() return c end end
local function g(a) a = a or 1 end
local function h(a) local a = a or 1 return a end
local function i(_a, __b, _1, _) end
local function j(self) end
local k = { l = function(m, n) return n end }
print(f, g, h, i, j, k)
f(function(unused) end)
pcall(function(...) local a = ... end)
