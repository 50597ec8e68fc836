local x = x
local function f() return f end
local g = function() return g end
local t = { f = function(self) return t end }
for i = i, j do print(i) end
for k, v in k, v do print(k, v) end
repeat local done = true until done
print(f, t, done)
local y = function(y) return y end
do local z = 1 local z = z + 1 print(z) end
