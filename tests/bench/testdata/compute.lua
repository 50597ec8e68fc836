-- Prints the milliseconds of calls, of arithmetic and of building strings.
local function timed(f)
  local best = math.huge
  for _ = 1, 3 do
    local began = os.clock()
    f()
    best = math.min(best, os.clock() - began)
  end
  return best * 1000
end

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local calls = timed(function() assert(fib(27) == 196418) end)
local arithmetic = timed(function()
  local sum = 0
  for i = 1, 2000000 do sum = sum + i % 7 end
  assert(sum == 5999997, sum)
end)
local strings = timed(function()
  local t = {}
  for i = 1, 200000 do t[i] = "row " .. i end
  assert(#t == 200000)
end)
print(calls, arithmetic, strings)
