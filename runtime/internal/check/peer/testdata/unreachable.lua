local function a() do return end print(1) print(2) end
local function b() if x then return else error("y") end end
local function c() repeat return 1 until x print(2) end
local function d() while true do end print(1) end
local function e() for i = 1, 2 do break end print(1) end
local function f() for i = 1, 2 do do break end print(i) end end
local function g() while 1 do if a then break end end return 1 end
print(b, c, d, e, f, g)
