local function f(x)
  if x then return 1 else return 2 end
  print("unreachable")
end
local function g()
  while true do
    if f() then return end
  end
  print("never")
end
local function h()
  for _, v in ipairs({}) do
    do return v end
  end
end
do
  g()
  return h()
end
