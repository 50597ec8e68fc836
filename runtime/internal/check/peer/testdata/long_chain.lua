local a = { b = { c = { d = function() return { e = 1 } end } } }
local v = a.b.c.d().e
a.b["c"].x = nope.y
a.b.c.z, a.q = other, v
local w = a.b.c:d(missing):e(gone)[1].last
;(a or b).c = 1
a[i].x = a[a].y
