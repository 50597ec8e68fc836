local t = { a = 1, b = 2, a = 3 }
local list = { 1, 2, [1] = 3, [2] = 4, ["a"] = 1, a = 2 }
local mixed = { [1.0] = 1, [1] = 2, [true] = 1, [true] = 2 }
print(t, list)
local filled = {}
filled.a = 1
filled.b = filled.a
local nested = { inner = {} }
nested.inner.x = 1
local from = t
from.z = 1
