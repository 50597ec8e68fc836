local a, b, c
function a() return b() end
function b() return a() end
function c() return c() end
local d, e
d = function() return e() end
e = function() return d() end
print(d)
