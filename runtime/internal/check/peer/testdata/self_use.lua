local t = {}
t.t = t
t.n = (t.n or 0) + 1
local u = {}
u[1] = #u
local w = {}
w.f = function() return w end
local z = {}
function z.f() return z.g() end
function z.g() end
local y = {}
y[f()] = y.x
local q = {}
q.x = g(q)
