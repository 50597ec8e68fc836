local function producer(list)
  return coroutine.wrap(function()
    for i, item in ipairs(list) do coroutine.yield(item) end
  end)
end
for item in producer({ 1, 2 }) do print(item) end
local co = coroutine.create(function(a, b) local c = coroutine.yield(a) return c end)
local ok, value, more = coroutine.resume(co, 1, 2)
print(value)
