local function f() return end
local function g() return nil, "error" end
local function h() return g(), f() end
local function k(a) return (function(b) return a end)(1) end
local r1, r2 = g()
local r3 = h(), k()
print(r2)
return f, unknown_result
