local a, b, c = 1
local d, e = (function() return 1, 2 end)()
local g, h = 1, 2, 3
print(a, d)
local i, j, k
i, j = 1, 2
i = 5
local first, second = string.find("abc", "b")
print(first)
local p, q = {}, {}
p.x, q.x = 1, 2
local u, v = pcall(error)
u = nil
