local function outer(a, b)
  local function inner(c)
    local function innermost(d) return a + d end
    return innermost(c)
  end
  local unused = inner
  return inner(a)
end
print(outer(1, 2))
local function recursive(n) if n > 0 then recursive(n - 1) end end
local function even(n) return n == 0 or odd(n - 1) end
local function odd(n) return n ~= 0 and even(n - 1) end
