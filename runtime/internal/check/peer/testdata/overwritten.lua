local a = 1
a = 2
a = 3
print(a)
local b = f and 1
if a then b = 2 else b = 3 end
print(b)
local c = {}
c = {}
c.x = 1
local d = 1
while d < 10 do d = d + 1; local e = d; e = e + 1 end
local x, y = 1, 2
x, y = y, x
local s = ""
for i = 1, 3 do s = s .. i end
