--- index nil
local t = {}; print(pcall(function() return t.owner.name end));
print(pcall(function() return undefinedglobal.x end))
local l; print(pcall(function() l.x = 1 end));
print(pcall(function() local k; return k.x end));
print(pcall(function() return t[1][2] end))
print(pcall(function() t.a.b.c = 1 end));
print(pcall(function() return (nil).x end));
print(pcall(function() return t.x:y() end))
--- call nil
local t = {}; print(pcall(function() t.get_lst() end));
print(pcall(function() nofunction() end));
print(pcall(function() t:method() end))
local f; print(pcall(function() f() end));
print(pcall(function() local g = 5; g() end));
print(pcall(function() ("x")() end));
print(pcall(function() t.a = {}; t.a() end))
print(pcall(nil));
print(pcall(5));
print(pcall(pcall, nil));
print(pcall(pcall, error, "e"))
--- arithmetic on nil
local x; print(pcall(function() return x + 1 end));
print(pcall(function() return 1 + x end)); local t = {}; print(pcall(function() return t.n * 2 end));
print(pcall(function() return -x end))
print(pcall(function() local y; return y - 1 end));
print(pcall(function() return g_nil / 2 end));
print(pcall(function() return 2 ^ t.z end));
print(pcall(function() return x % 3 end));
print(pcall(function() local a, b = 5; return a % b end))
--- concat nil
local t = {}; print(pcall(function() return "a" .. t.name end));
print(pcall(function() return t.name .. "a" end)); local v; print(pcall(function() return "a" .. v .. "b" end));
print(pcall(function() return "a" .. true end))
--- length
local n; print(pcall(function() return #n end));
print(pcall(function() return #5 end));
local t = {}; print(pcall(function() return #t.x end))
--- error values
print(pcall(error));
print(pcall(error, nil));
print(pcall(error, { 1 }) == false);
print(pcall(error, "m", 0));
print(pcall(error, "m"));
print(pcall(error, 5))
print(pcall(function() error("here") end));
print(pcall(function() error("here", 0) end));
print(pcall(function() error("here", 2) end));
print(pcall(function() error() end))
local function check(v) if not v then error("bad value", 2) end end
print(pcall(function() check(false) end));
print(select(2, pcall(error, setmetatable({}, { __tostring = function() return "obj" end }))))
local e = {}; local ok, got = pcall(function() error(e) end);
print(ok, got == e)
--- assert
print(pcall(assert, false));
print(pcall(assert, nil, "msg"));
print(assert(1, 2, 3));
print(pcall(function() assert(false, "in function") end));
print(pcall(function() assert(1 == 2) end));
print(pcall(assert))
--- xpcall
print(xpcall(function() return 1, 2 end, print));
print(xpcall(function() error("e", 0) end, function(m) return "H:" .. m end));
print(xpcall(function() local x = nil + 1 end, function(m) return m end))
print(xpcall(function() error({ 1 }) end, type));
print(pcall(xpcall, print))
--- arguments
print(pcall(string.rep));
print(pcall(string.rep, "x"));
print(pcall(string.rep, "x", {}));
print(pcall(("x").rep, "x", "y"));
print(pcall(function() return ("x"):rep({}) end));
print(pcall(function() return ("x"):rep() end))
print(pcall(table.insert, 1, 2));
print(pcall(table.insert, {}));
print(pcall(table.insert, {}, 1, 2, 3));
print(pcall(table.concat, { {} }));
print(pcall(table.concat, { 1, nil, 3 }, ",", 1, 3));
print(pcall(ipairs));
print(pcall(setmetatable, {}));
print(pcall(setmetatable, 1, {}))
print(pcall(math.floor));
print(pcall(math.floor, "x"));
print(pcall(math.max));
print(pcall(tonumber));
print(pcall(tostring));
print(pcall(type));
print(pcall(string.char, 256));
print(pcall(math.random, 0))
print(pcall(string.format, "%d", "x"));
print(pcall(string.format, "%s"));
print(pcall(string.format, "%y", 1));
print(pcall(rawset, {}, nil, 1));
print(pcall(unpack));
print(pcall(string.format, "%s", nil))
print(pcall(function() string.rep() end));
print(pcall(function() local s = string; s.rep(nil, 1) end));
print(pcall(load, 5));
print(pcall(coroutine.create, 5));
print(pcall(coroutine.resume, 5));
print(pcall(tonumber, "1", 99))
--- nested protected calls
print(pcall(pcall, pcall, error, "x"));
print(pcall(function() local ok, e = pcall(error, "inner", 0); error("outer:" .. e, 0) end))
local depth = 0; local function rec() depth = depth + 1; return 1 + rec() end; local ok = pcall(rec);
print(ok, depth > 1000)
--- load errors

print((loadstring("return 1"))());
print(loadstring("return ...")(7));
print(pcall(loadstring("error('in chunk')", "=chunk")));
print(pcall(loadstring("local a = nil; a.b = 1", "@file.lua")))
local n = 0; print(load(function() n = n + 1; return ({ "return ", "1", "+1" })[n] end)());
print(type(load(function() return nil end)))
--- numbers as errors
print(pcall(function() error(42) end)); print(pcall(function() error(42, 2) end)); print(pcall(error, 42))
local _, e = pcall(function() error(42, 0) end); print(type(e), e)

--- levels of error through pcall, coroutines and tail calls
local function f(n) error("m", n) end
local function g(n) f(n) end
for i=0,5 do print(i, pcall(g, i)) end
for i=0,6 do print(i, pcall(function() pcall(error) g(i) end)) end
local function h(n) return f(n) end
for i=0,6 do print(i, pcall(function() h(i) end)) end
for i=0,3 do print(i, pcall(error, "m", i)) end
for i=0,4 do print(i, select(2, pcall(pcall, error, "m", i))) end
for i=1,5 do local co=coroutine.create(function() local x = pcall(g,i) g(i) end) print(coroutine.resume(co)) end
for i=1,5 do print(xpcall(function() f(i) end, function(m) return "h "..tostring(m) end)) end
for i=1,4 do print(pcall(string.gsub, "x", ".", function() f(i) end)) end
for i=1,4 do print(pcall(function() local t = setmetatable({},{__index=function() f(i) end}) local x = t.x end)) end

--- errors are on the line of the operand
local nothing
print(pcall(function()
  local text = "a" ..
    "b" ..
    nothing
end))
print(pcall(function()
  local n = 1 +
    nothing
    + 2
end))
print(pcall(function()
  return 1
    < {}
end))
print(pcall(function()
  print(1,
    nothing.x,
    3)
end))
print(pcall(function()
  string.rep(
    1,
    2,
    3):nosuch(
    4)
end))
print(pcall(function()
  nothing
    .x
    .y = 1
end))
print(pcall(function()
  for i = 1,
    nothing,
    2
  do end
end))
print(pcall(function()
  return -
    {}
end))
print(pcall(function() return -{} end))
print(pcall(function() local t = { 1, nothing.x } end))
print(pcall(function()
  local t = {
    a = 1,
    b = nothing.x,
  }
end))

--- what pcall cannot call, and endless chains of tables
print(pcall({})) print(pcall(pcall, {})) print(pcall(nil))
do
  local t = setmetatable({}, {})
  getmetatable(t).__index, getmetatable(t).__newindex = t, t
  print(pcall(function() return t.x end)) print(pcall(function() t.x = 1 end))
end
--- returned protected calls
local function f() error("m", 3) end
local function l()
  return pcall(f)
end
print(l())
local function g() print(debug.getinfo(3, "l").currentline) return debug.getinfo(2, "l").currentline end
local function h()
  return pcall(g)
end
print(h())
local function deep(n) if n == 0 then return "end" end return select(2, pcall(deep, n - 1)) end
print(deep(150))
local function x()
  return xpcall(f, function(m) return "<" .. m .. ">" end)
end
print(x())

--- functions that the library calls have no name in tracebacks
local function lines(text) return (text:gsub("\n\t%[C%][^\n]*", ""):match("^(.-\n.-)\n\t[^\n]*in main chunk")) end
local function named() error("x") end
print(lines(select(2, xpcall(function() error("x") end, debug.traceback))))
print(lines(select(2, xpcall(function() named() end, debug.traceback))))
print(select(2, pcall(function() return (debug.traceback("x"):match("[^\n]*\n[^\n]*\n[^\n]*")) end)))
