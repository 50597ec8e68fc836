local x = 1
local x = 2
local function f(x, y)
  local y = x
  for x = 1, 2 do local x = x print(x) end
  return y
end
do local x = 3 print(x) end
local function g(a) return function(a) return function() local a = a return a end end end
for i = 1, 2 do for i = 1, 2 do print(i) end end
print(x, f, g)
local _, _ = 1, 2
for _, _ in pairs({}) do print(1) end
local function h(_, _) end
h()
