--- basics
local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b); local d, e = coroutine.yield(c * 2); return d, e end)
print(coroutine.resume(co, 1, 2)); print(coroutine.status(co)); print(coroutine.resume(co, 10)); print(coroutine.resume(co, "x", "y")); print(coroutine.status(co)); print(coroutine.resume(co))
--- no values
local co = coroutine.create(function() coroutine.yield(); coroutine.yield(nil); return end); print(select("#", coroutine.resume(co))); print(select("#", coroutine.resume(co))); print(select("#", coroutine.resume(co)))
--- wrap
local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end); print(gen(), gen(), gen(), gen()); print(pcall(gen))
for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end) do print(v) end
--- errors
local co = coroutine.create(function() error("oops") end); print(coroutine.resume(co)); print(coroutine.status(co)); local co2 = coroutine.create(function() error({ code = 1 }) end); local ok, e = coroutine.resume(co2); print(ok, type(e), e.code)
local w = coroutine.wrap(function() error("wrapped", 0) end); print(pcall(w)); local co3 = coroutine.create(function() local x = nil; return x.y end); print(coroutine.resume(co3))
--- status and running
local co; co = coroutine.create(function() print(coroutine.status(co), coroutine.running() == co); local inner = coroutine.create(function() print(coroutine.status(co)) end); coroutine.resume(inner); print(pcall(coroutine.status, co)); print(coroutine.resume(co)) end)
print(coroutine.status(co)); coroutine.resume(co); print(coroutine.status(co))
--- pcall without yield inside
local co = coroutine.create(function() print(pcall(error, "x", 0)); local ok, v = pcall(function() return coroutine.running() ~= nil end); print(ok, v); coroutine.yield(1); print(pcall(function() error("y", 0) end)); return "end" end)
print(coroutine.resume(co)); print(coroutine.resume(co)); print(coroutine.resume(co))
--- closures shared with a coroutine
local n = 0; local co = coroutine.wrap(function() while true do n = n + 1; coroutine.yield(n) end end); print(co(), co()); n = 10; print(co(), n)
--- producer and consumer
local function producer() return coroutine.create(function() for _, v in ipairs({ "a", "b" }) do coroutine.yield(v) end return nil end) end
local function filter(p) return coroutine.create(function() while true do local _, v = coroutine.resume(p); if not v then return nil end coroutine.yield(v .. v) end end) end
local f = filter(producer()); while true do local _, v = coroutine.resume(f); if not v then break end print(v) end
--- recursion through yields
local function tree(n) if n == 0 then coroutine.yield(0) else tree(n - 1); coroutine.yield(n); tree(n - 1) end end
local out = {}; for v in coroutine.wrap(function() tree(3) end) do out[#out + 1] = v end; print(table.concat(out, " "))
--- yields in odd places
local co = coroutine.wrap(function() return pcall(function() table.sort({ 3, 2, 1 }, function(a, b) coroutine.yield(); return a < b end) end) end); print(co())
local mt = setmetatable({}, { __index = function() coroutine.yield(1) end }); local co = coroutine.create(function() return mt.x end); print(coroutine.resume(co))
local co = coroutine.create(function() for x in function() return coroutine.yield(5) end do end end); print(coroutine.resume(co))
local co = coroutine.create(function() return (string.gsub("a", "a", function() coroutine.yield() end)) end); print(coroutine.resume(co))
--- tail call yield
local co = coroutine.create(function(...) return coroutine.yield(...) end); print(coroutine.resume(co, 1, 2)); print(coroutine.resume(co, 3)); print(coroutine.status(co))
--- yield through a wrapper called by pcall
print(pcall(coroutine.wrap(function(...) return coroutine.yield(...) end), 1))

--- calls of coroutines inside one another are bounded together, and so are handlers
-- that fail
do
  local depth = 0
  local function deeper()
    depth = depth + 1
    if depth < 7000 then return (string.gsub("a", "a", deeper)) end
    depth = 0
    return select(2, coroutine.resume(coroutine.create(deeper)))
  end
  pcall(deeper)
  local function again() return xpcall(function() error("x") end, function() return again() end) end
  print(select("#", again()))
end
