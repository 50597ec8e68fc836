local a
print(a)
local b
if a then b = 1 end
print(b)
local c
c.x = 1
c = {}
local d
local function set() d = 1 end
print(d)
set()
local e
for i = 1, 3 do if i > 1 then print(e) end e = i end
local g
print(g)
g = 1
print(g)
