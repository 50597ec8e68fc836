--- swap
local a, b = 1, 2; a, b = b, a; print(a, b)
--- fibonacci
local a, b = 0, 1; for i = 1, 10 do a, b = b, a + b end; print(a, b)
--- logical assignment
local a, d = 1, true; a = ((not true) and (a and d)); print(a)
--- multiple assignment evaluates targets first
local i, t = 1, {}; i, t[i] = i + 1, 20; print(i, t[1], t[2])
--- multiple assignment from calls
local function f() return 1, 2, 3 end
local a, b, c, d; a, b, c, d = f(); print(a, b, c, d); a, b, c, d = 9, f(); print(a, b, c, d)
a, b = f(), 10; print(a, b); a, b = (f()); print(a, b)
local t = {}; t.x, t.y, t.z = f(); print(t.x, t.y, t.z)
g1, g2 = g2, g1; g1, g2 = 5, 6; g1, g2 = g2, g1; print(g1, g2)
--- upvalue swap
local a, b = 1, 2; local function swap() a, b = b, a end; swap(); print(a, b)
--- local function sees itself, local value does not
local f = function() return f end; print(f())
local function g(n) if n == 0 then return "done" end return g(n - 1) end; print(g(3))
local print2 = print; local print = function(...) print2("wrapped", ...) end; print(1)
--- closures in loops
local fs = {}; for i = 1, 3 do local j = i * 10; fs[i] = function() j = j + 1; return i, j end end
for i = 1, 3 do print(fs[i]()); print(fs[i]()) end
--- break out of a block with captured locals
local f; while true do do local x = 1; f = function() return x end; if true then break end end end
local y = 99; print(f(), y)
local gs = {}; for i = 1, 3 do if i < 3 then local z = i; gs[#gs + 1] = function() z = z + 1; return z end; if i == 2 then break end end end
local p, q, r = 7, 8, 9; print(gs[1](), gs[2](), gs[2]())
--- repeat sees locals
local n = 0; local fs = {}; repeat local k = n; fs[#fs + 1] = function() return k end; n = n + 1 until k >= 3; print(n, fs[1](), fs[4]())
--- errors keep shared locals
local n = 0; local function inc() n = n + 1 end; inc(); pcall(error, "x"); inc(); print(n)
local m = 0; local function dec() m = m - 1; error("stop") end; pcall(dec); pcall(dec); m = m * 10; dec = nil; print(m)
local esc; pcall(function() local v = 1; esc = function() v = v + 1; return v end; error("out") end)
local a, b, c = 4, 5, 6; print(esc(), esc(), a, b, c)
--- generic for with short lists
for k, v in next, { 10 } do print(k, v) end
for k in next, { 20 } do print(k) end
local function it(s, c) if c < s then return c + 1 end end
for i in it, 3, 0 do print(i) end
local function three() return it, 2, 0 end
for i in three() do print(i) end
local function two() return 2, 0 end
for i in it, two() do print("two", i) end
for a, b, c, d in function(_, n) if not n then return 1, 2, 3, 4 end end do print(a, b, c, d) end
for k, v in pairs({ 1, 2, x = 3 }) do if type(k) == "string" then print(k, v) end end
for w in (function() local n = 0; return function() n = n + 1; if n < 3 then return n end end end)() do print(w) end
--- numeric for
for i = 1, 2, 0.5 do print(i) end
for i = 3, 1, -1 do print(i) end
for i = 1, 0 do print("never") end
for i = "1", "3" do print(i) end
for i = 1, 3 do local j = i; i = 10; print(i, j) end
print(pcall(function() for i = 1, {} do end end))
print(pcall(function() for i = nil, 2 do end end))
print(pcall(function() for i = 1, 2, "x" do end end))
for i = 1, math.huge do if i > 3 then break end print(i) end
--- numbers as text
print(1, 1.5, -0.1, 1 / 3, 1e15, 1e14, 123456789012345, 2 ^ 53, 1e100, 1e-7, 100, 0.1 + 0.2, 3.0)
print(1 .. "", 1 / 3 .. "x", 2 ^ 63 .. "", -1e15 .. "", 1e300 * 1e10 .. "", 12345678.9 .. "")
print(1 / 0, -1 / 0, 0010, 0xff, 0xA, 1e2, .5, 5., 3e-2, 0xffffffffffffffff)
print("10" + 1, "0x10" + 1, " 5 " * "2", "010" + 0, "1e1" - 1, -"2", "3" ^ 2, 10 .. 20)
print(pcall(function() return "abc" + 1 end))
print(pcall(function() return "1_0" + 1 end))
print(pcall(function() return {} + 1 end))
print(pcall(function() return "" + 1 end))
--- modulo
print(5 % 3, -5 % 3, 5 % -3, -5 % -3, 5.5 % 2, -5.5 % 2, 1 % 0.1, 0.3 % 0.1)
local a, b = 7, 0.7; print(a % b, b % a, -a % b, a % -b); print("7" % 4, 7 % "4")
--- powers and precedence
print(2 ^ 3 ^ 2, -2 ^ 2, not 1 == 2, 1 .. 2 == "12", 2 + 3 * 4 - 6 / 3, "a" .. "b" == "ab" and 1 or 2)
print(not nil == true, #"abc" + 1, -"2" + 1, 1 < 2 == true, "a" < "b", "Z" < "a", "" < "a", "a\0b" < "a\0c")
--- comparisons
print(1 == 1.0, "1" == 1, nil == false, {} == {}, "a" == "a", 0 / 0 == 0 / 0)
print(pcall(function() return 1 < "2" end)); print(pcall(function() return {} < {} end)); print(pcall(function() return nil < 1 end))
print(pcall(function() return nil > nil end)); print(pcall(function() return print <= print end)); print(pcall(function() return true >= false end))
print(pcall(function() return {} <= 1 end)); print(1 <= 1, "b" >= "a", 2 > 10, "2" > "10")
--- and or not as values
local function t(...) return ... end
print(t(nil and 1), t(false or nil), t(1 and 2), t(nil or "x"), not nil, not 0, (nil and 1) or 2, nil == nil and "eq")
local x = nil; x = x or 5; print(x); x = x and x + 1; print(x); x = not x; print(x); x = x == false and "no"; print(x)
local y = { z = 1 }; y.z = y.z == 1 and y.z + 1 or y; print(y.z); y.z = not y.z; print(y.z); y.z = 1 < 2; print(y.z)
local a, b = 1, nil; a = a and b; print(a); a = b or a or 3; print(a); a = (a and b) or (not a and 1) or a; print(a)
--- varargs
local function f(...) local a, b = ...; return select("#", ...), a, b, ... end
print(f()); print(f(nil)); print(f(1, nil, nil)); print((f(1, 2, 3)))
local function g(...) local t = { ... }; return #t, t[1], t[3] end; print(g(1, 2, 3))
local function h(...) return arg.n, arg[1] end; print(h(5, 6))
print(select(2, "a", "b", "c")); print(select(-1, "a", "b", "c")); print(select(4, "a", "b", "c"))
print(pcall(select, 0)); print(pcall(select, -5, 1)); print(select("#")); print(select("#", nil, nil))
print(pcall(select, "x"))
--- tables
local t = { 1, 2, 3, nil, 5, n = 1, [10] = 10, ["a b"] = 2, [1.5] = 3; 6 }
print(t[1], t[5], t[6], t.n, t[10], t["a b"], t[1.5]); t[1] = nil; print(t[1], next({}), rawequal(t, t))
print(pcall(function() t[nil] = 1 end)); print(pcall(function() t[0 / 0] = 1 end)); print(t[nil])
local u = { f = function(self, x) return self.v + x end, v = 1 }; print(u:f(2), u.f(u, 3)); print(#{ 1, 2, 3 }, #"")
local function three() return 1, 2, 3 end
print(#{ three() }, #{ three(), three() }, #{ (three()) }, #{ three(), nil })
--- integer and float keys are one
local t = {}; t[1.0] = "a"; t[2] = "b"; print(t[1], t[2.0], #t); t[-1] = "c"; t[0] = "d"; print(t[-1], t[0], #t)
--- escapes
print("a\tb\\n\65\066\0677", "\"q\"", '\'', "line\nline", [[ [x] ]], #"\0\0", ("x"):rep(3), ("%d"):format(3), #[[

x]])
--- long strings
print([[a
b]], [==[x]]y]==], #[[

]])
--- method and call syntax
local o = { n = 1 }; function o:add(k) self.n = self.n + k; return self end; function o.get(s) return s.n end
print(o:add(1):add(2):get(), o.get { n = 4 }, #("abc"), type "x", (("x")))
local s = "x"; print(s:upper(), ("a,b"):find(",", 1, true))
--- nested functions and recursion
local function fact(n) return n <= 1 and 1 or n * fact(n - 1) end; print(fact(20), fact(5))
local function even(n) if n == 0 then return true end return odd(n - 1) end; function odd(n) if n == 0 then return false end return even(n - 1) end
print(even(100), even(7)); local function sum(n) if n == 0 then return 0 end return n + sum(n - 1) end; print(sum(5000))
local function loop(n) if n > 0 then return loop(n - 1) end return "tail" end; print(loop(100000))
--- while and goto-free control
local i = 0; while true do i = i + 1; if i % 2 == 0 then else if i > 7 then break end end end; print(i)
local n = 0; for i = 1, 10 do for j = 1, 10 do if j > i then break end n = n + 1 end end; print(n)
do local x = 1; do local x = 2; print(x) end print(x) end
--- metamethods
local mt = {}; local function new(v) return setmetatable({ v = v }, mt) end
mt.__add = function(a, b) return "add" end; mt.__sub = function() return "sub" end; mt.__mul = function() return "mul" end
mt.__div = function() return "div" end; mt.__mod = function() return "mod" end; mt.__pow = function() return "pow" end
mt.__unm = function() return "unm" end; mt.__concat = function(a, b) return (type(a) == "table" and a.v or a) .. "&" .. (type(b) == "table" and b.v or b) end
mt.__eq = function(a, b) return a.v == b.v end; mt.__lt = function(a, b) return a.v < b.v end; mt.__le = function(a, b) return a.v <= b.v end
mt.__call = function(self, ...) return "call", self.v, ... end; mt.__tostring = function(s) return "T" .. s.v end
local a, b = new(1), new(2)
print(a + 1, 1 + a, a - b, 2 * a, a / 2, a % b, 5 % a, a ^ 2, -a, "3" + a, a + "3")
print(a .. b, a .. "x", "x" .. a, 1 .. a, a .. 1 .. 2, "p" .. "q" .. a .. "r" .. "s"); print(a == b, a == new(1), a ~= new(1), a < b, a <= b, a > b, a >= b)
print(a(1, 2)); print(tostring(a)); print(pcall(function() return a < 1 end)); print(a == 1)
--- index chains
local A = { x = 1 }; A.__index = A; local B = setmetatable({ y = 2 }, A); B.__index = B; local c = setmetatable({}, B); print(c.x, c.y, c.z)
local log = {}; local p = setmetatable({}, { __index = function(t, k) return k .. "!" end, __newindex = function(t, k, v) rawset(t, k, v * 2) end })
print(p.foo, p[1]); p.a = 5; print(p.a, rawget(p, "foo")); p.a = 7; print(p.a)
local q = setmetatable({}, { __newindex = log }); q.k = 1; print(rawget(q, "k"), log.k)
print(getmetatable(setmetatable({}, { __metatable = "locked" }))); print(pcall(setmetatable, setmetatable({}, { __metatable = 1 }), {}))
print(getmetatable("").__index == string, getmetatable(1), getmetatable(nil), getmetatable(print))
--- weak mode is accepted
local w = setmetatable({}, { __mode = "k" }); w[{}] = 1; print(type(next(w)))
--- environment
x = 1; print(_G.x, getfenv(1).x); local function f() return y end; setfenv(f, { y = 5 }); print(f())
local env = setmetatable({}, { __index = _G }); local fn = loadstring("z = 3; return z"); setfenv(fn, env); print(fn(), env.z, z)
--- large table
local parts = {}; for i = 1, 25551 do parts[i] = "7," end
local t = loadstring("return {" .. table.concat(parts) .. "}")(); print(#t, t[25551], t[25552])
--- very large table with keys
local parts = {}; for i = 1, 30000 do parts[i] = i % 3 == 0 and ("k" .. i .. "=" .. i .. ",") or (i .. ",") end
local t = loadstring("return {" .. table.concat(parts) .. "}")(); print(#t, t.k3, t.k30000, t[20000])
--- deleting while traversing
local t = {}; for i = 1, 100 do t["k" .. i] = i end; local n = 0; for k in pairs(t) do t[k] = nil; n = n + 1 end; print(n, next(t))
--- concat of many kinds
local t = {}; for i = 1, 100 do t[#t + 1] = "a" end; local s = ""; for i, v in ipairs(t) do s = s .. v .. i end; print(#s, s:sub(1, 8))
print(pcall(function() return "a" .. nil end)); print(pcall(function() local q; return "a" .. q .. "b" end)); print(pcall(function() return {} .. "x" end))
--- a call behind the last key is one value
local function two() return 1, 2 end
local t = { 9, x = two() }; print(#t, t[1], t[2], t.x); t = { 9, ["y" .. 1] = two() }; print(#t, t[2], t.y1)
--- full groups in table constructors
local function two() return 1, 2 end
local list = ("7,"):rep(50); local k, a, b = "key", "a", "b"
for _, tail in ipairs({ "x = a .. b", "[k] = a .. b, y = b .. a, 5", "two()", "...", "(two())", "x = two(), two()", "nil, x = a .. b" }) do
  local t = setfenv(loadstring("local two, k, a, b = ...; return (function(...) return {" .. list .. tail .. "} end)(1, 2, 3)"), {})(two, k, a, b)
  print(#t, t[1], t[2], t[50], t[51], t[52], t[53], t.x, t.key, t.y)
  t = setfenv(loadstring("local two, k, a, b = ...; return (function(...) return {" .. list .. list .. tail .. "} end)(1, 2, 3)"), {})(two, k, a, b)
  print(#t, t[1], t[50], t[51], t[100], t[101], t[102], t[103], t.x, t.key, t.y)
end
--- one value of a call for the last parameter
local function two() return 1, 2 end
local function f(a, b) for i in coroutine.wrap(function() for j = 1, 2 do coroutine.yield(j) end end) do b = (two()); print(i, b) end local x, y = 5, 6; b = b .. x; print(b, x, y) end
f(1, 2)
local function g(a) local x, y = 1, 2; a = "a" .. a; a = (two()); a = a % 0.7; return a, x, y end; print(g("b"))
--- remainders have no negative zero
print(-3 % 3, 3 % -3, -3 % -3, (-6) % 2, 0 % 5); local n = -4; print(n % 2, n % 2 == 0)
--- a jump at the head of a loop
for i in pairs{} do print("never") end
for j in pairs{1} do break end
for _, v in ipairs{1, 2, 3} do if true then if v == 2 then break end end print(v) end
local n = 0; for _ in pairs{1, 2, 3} do while true do break end n = n + 1 end print(n)
local m = 0; while m < 3 do while true do break end m = m + 1 end print(m)
local k = 0; repeat while true do break end k = k + 1 until k >= 3; print(k)
local q = 0; while true do do while true do break end end q = q + 1; if q > 2 then break end end print(q)
for _ in pairs{1} do do break end end print("end")
--- days as keys
local t = {}; t[20240115] = "x"; print(#t, t[20240115], next(t)); t[20240115] = nil; print(next(t))

--- operands are evaluated when Lua evaluates them
local log = {}
local function say(word) log[#log + 1] = word return word end
local t = {}
t[say("key")] = say("value")
t[say("key")] = say("value") or "none"
t[say("key")] = not say("value")
t[say("key")] = say("a") == say("b")
t[say("key")] = say("a") .. say("b")
t[say("p")], t[say("q")] = say("r"), say("s")
print(table.concat(log, " "))
local list = {}
local function add(n)
  list[#list + 1] = n > 0 and add(n - 1) or n
  return n
end
add(3)
print(#list, table.concat(list, ","))
local out = {}
local function child() out[#out + 1] = "child" return "c" end
out[#out + 1] = "<" .. child() .. ">"
print(#out, out[1], out[2])
local i, k = 1, "k"
local function change() i, k = 2, "changed" return "v" end
local u = {}
u[i] = change()
print(u[1], u[2])
i = 1
u[i], u[k] = change(), 5
print(u[1], u[2], u.k, u.changed)
i = 1
print(i + (change() and 1), i)
i = 1
print(i == (change() and 1), i .. (change() and "x"), { i, change(), i }[1])
local v = { w = { 1 } }
local function replace() v = { w = { 2 } } return 3 end
v.w[1] = replace()
print(v.w[1])
local o = { m = function(self, x) return x end }
local function swap() o = { m = function() return "other" end } return "x" end
print(o:m(swap()), o:m())

--- a call on the next line is refused
print((select(2, loadstring("local x = tostring\n(print or error)('hello')")):gsub(" %(to call.*", "")))

--- a semicolon alone and a label are refused
print((loadstring(";")))
print((loadstring("do ; end")))
print((loadstring("f();; g()")))
print((loadstring("::label::")))
print((loadstring("local x = 1; ; local y")))
print((loadstring("return 1;;")))
print(type(loadstring("f(); g(); return 1;")))

--- goto is a name
local goto = 1
goto = goto + 1
print(goto, ({ goto = 3 }).goto)

--- as many locals, parameters, arguments and results as in Lua
local function shown(problem) return problem and problem:gsub(" near.*", ""):gsub(" %(keep.*", "") end
local function many(n, item, between) local list = {} for i = 1, n do list[i] = item:gsub("#", i) end return table.concat(list, between) end
for _, n in ipairs{ 199, 200, 201 } do
  local f, problem = loadstring(many(n, "local v# = #", "\n") .. "\nreturn v1, v" .. n, "=many")
  print(n, f and f() or shown(problem))
  f, problem = loadstring("return function(" .. many(n, "v#", ", ") .. ") return v" .. n .. " end", "=many")
  print(n, f and f()(unpack({}, 1, n)) or shown(problem))
  f, problem = loadstring("local " .. many(n, "v#", ", ") .. " = 1", "=many")
  print(n, f and "fine" or shown(problem))
end
print(select("#", loadstring("return " .. many(249, "#", ", "))()))
print(loadstring("return select('#', " .. many(240, "#", ", ") .. ")")())
print((loadstring("return f(" .. many(260, "#", ", ") .. ")")))
print((loadstring("return " .. many(260, "#", ", "))))

--- a swap among as many locals as there may be
local declare = {}
for i = 1, 199 do declare[i] = "local v" .. i .. " = " .. i end
print(loadstring(table.concat(declare, "\n") .. "\nv1, v2 = v2, v1\nreturn v1, v2, v199")())

--- a tail call keeps all arguments of a function that needs no other register
local function two(t, v) t.v = v end
local function three(t, k, v) t[k] = v end
local function more(t, v, ...) t[v] = ... end
local function self(t, v) return two(t, v) end
local function all(...) return three(...) end
local function rest(...) return more(...) end
local t = {}
self(t, 10) all(t, "w", 11) rest(t, "x", 12, 13)
print(t.v, t.w, t.x)
setmetatable(t, { __newindex = function(t, k, v) return rawset(t, k, v) end, __index = function(t, k) return three(t, k, 14) end, __call = function(...) return two(...) end })
print(t.y, rawget(t, "y"), t(15), t.v)
