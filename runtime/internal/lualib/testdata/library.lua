--- tostring and tonumber
print(tostring(nil), tostring(true), tostring(1e20), tostring("x"), tonumber("0x1F"), tonumber("  12  "), tonumber("1e1"), tonumber("abc"), tonumber(""), tonumber("1 2"), tonumber("5."), tonumber(".5"), tonumber("0x"), tonumber("1_000"), tonumber("010"))
print(tonumber("ff", 16), tonumber("zz", 36), tonumber("101", 2), tonumber("8", 8), tonumber("7", 8), tonumber(nil), tonumber({}), tonumber("10", 10), tonumber("1.5", 10), tonumber("-ff", 16) ~= nil, tonumber("inf") ~= nil, tonumber("1e"), tonumber("0b1"), tonumber(" ", 16))
--- string basics
print(("hello"):sub(2, 4), ("hello"):sub(-3), ("hello"):sub(2), ("hello"):sub(0), ("hello"):sub(-100, 2), ("hello"):sub(4, 2), ("hello"):sub(10), ("x"):sub(1, -1))
print(("abc"):byte(), ("abc"):byte(2), ("abc"):byte(-1), ("abc"):byte(1, -1), ("abc"):byte(10)); print(string.char(72, 105), string.char(), ("abc"):reverse(), ("aBc"):upper(), ("AbC"):lower(), ("é"):upper() == "é", #("é"))
--- rep and len
print(("ab"):rep(3), ("ab"):rep(0) == "", ("ab"):rep(-1) == "", string.len("a\0b"), string.rep(5, 2), string.len(12))
--- find
print(("hello world"):find("wor"), ("hello"):find("l"), ("hello"):find("xyz"), ("hello"):find(""), ("hello"):find("", 10), ("hello"):find("l", -2), ("a.b"):find(".", 1, true), ("a.b"):find("%."), ("hello"):find("(l)(l)"), ("hello"):find("^h"), ("hello"):find("^e"), ("hello"):find("o$"), (""):find(""), ("abc"):find("b", 10))
print(("a+b"):find("+", 1, true), ("x"):find("[x]"), ("a]b"):find("[]]"), ("a-b"):find("[a%-]", 2), ("abc"):find("[^a]"), ("f(a(b)c)d"):find("%b()"), ("THE (quick) fox"):find("%f[%a]%a+%f[%A]"), ("THE (quick) fox"):match("%((%a+)%)"))
--- match
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"), ("2024-01-15"):match("(%d+)-(%d+)-(%d+)"), ("abc"):match("()b()"), ("abc"):match("x"), ("  trim  "):match("^%s*(.-)%s*$") .. "|", ("abab"):match("(ab)%1"), ("aaa"):match("a-"), ("aaa"):match("a-$"), ("aXb"):match("%u"), ("\0a"):match("%z"), ("0x1F"):match("%x+", 3))
print(("hello"):match(".-l"), ("hello"):match(".*l"), ("hello"):match("l?o"), ("hello"):match("h?x?e"), ("[[x]]"):match("%[%[(.-)%]%]"), ("a,b,,c"):match("^([^,]*),([^,]*),([^,]*)"), ("%d"):match("%%d"), ("a.b"):match("a%.b"), ("tést"):match("[%w]+"))
print(pcall(string.match, "x", "[a")); print(pcall(string.match, "x", "%")); print(pcall(string.match, "x", "(x")); print(pcall(string.match, "x", "x)")); print(pcall(string.match, "x", "%1")); print(pcall(string.find, "x", "%f")); print(pcall(string.find, "x", "%b"))
--- gmatch
for w in ("one two three"):gmatch("%a+") do print(w) end; for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do print(k, v) end; local it = ("abc"):gmatch("."); print(it(), it(), it(), it()); for p in ("abc"):gmatch("()") do print(p) end; for x in ("a,b,"):gmatch("([^,]*)") do print("<" .. x .. ">") end
for a in ("^a^a"):gmatch("^a") do print(a) end
--- gsub
print(("hello"):gsub("l", "L"), ("hello"):gsub("l", "L", 1), ("hello"):gsub("", "-"), ("abc"):gsub("%w", "%0%0"), ("abc"):gsub("(a)(b)", "%2%1"), ("hello world"):gsub("o", { o = "0" }), ("abc"):gsub("b", function(x) return nil end), ("abc"):gsub("b", function(x) return x:upper() end), ("abc"):gsub("^a", "x"), ("aaa"):gsub("^a", "x"), ("abc"):gsub("$", "!"), ("a b"):gsub("%s", "%%"))
print(("$name is $age"):gsub("%$(%w+)", { name = "Bob", age = 42 }), ("abc"):gsub("(b)()", "%2"), ("x"):gsub("x", 5), ("abc"):gsub("b*", "-"), ("hello"):gsub("l+", function(s) return #s end), ("a"):gsub("a", "%a"), (""):gsub("x*", "y"), ("abc"):gsub("z", "y"), ("ab"):gsub("", "", 0))
print(pcall(string.gsub, "x", "x", "%1")); print(pcall(string.gsub, "x", "x", "%2")); print(pcall(string.gsub, "x", "x", function() return {} end)); print(pcall(string.gsub, "x", "x", true)); print(pcall(string.gsub, "x", "x")); print(("x y"):gsub("(%w) (%w)", "%2 %1"))
--- format
print(("%5d|%-5d|%05d|%+d|% d|%d"):format(42, 42, 42, 42, 42, -3.7), ("%i"):format(3.99), ("%u"):format(7), ("%c%c"):format(72, 105), ("%o %x %X %#x %#o"):format(8, 255, 255, 255, 8), ("%5.2f|%.0f|%f|%10.3f|%-10.1f|"):format(3.14159, 2.5, 1, 2.71828, 1.25))
print(("%e %E %.2e"):format(12345.678, 0.00012, 0), ("%g %g %g %g %g"):format(0.1, 1e20, 100000, 1000000, 1e-5), ("%.3g|%10.4g|%G"):format(1234.5, 0.00001234, 1e-10), ("%s|%10s|%-10s|%.2s|%5.1s|"):format("abc", "abc", "abc", "abc", "abc"), ("%q"):format('a "b"\n\\ \0 c\r'), ("%%"):format(), ("%5%"):len() > 0)
print(("%s %s"):format(1, 1.5), ("%d"):format("10"), ("%x"):format(-1), ("%5c|"):format(65), ("%.14g"):format(0.1), ("%.3d"):format(5), ("%+.2f"):format(1), ("%#.0f"):format(1), ("%g"):format(100), ("%.20f"):format(0.1), ("%g"):format(1 / 0), ("%f"):format(-1 / 0), ("%d"):format(2 ^ 31), ("%s"):format(1e15), ("%.0f"):format(0.5), ("%5s"):format("abcdefg"))
print(("%.0s|%.1s|%5.0s|%.9s|%.s|"):format("abc", "abc", "abc", "abc", "abc"))
--- bounds that include their last value
print(("]"):match("[a]"), ("a]"):match("[a]]"), unpack({ 1, 2, 3 }, 2, 2)); math.randomseed(1); print(math.random(3, 3), math.random(1))
--- table functions
local t = { 1, 2, 3 }; table.insert(t, 4); table.insert(t, 1, 0); table.insert(t, 3, 1.5); print(table.concat(t, ",")); print(table.remove(t), table.remove(t, 1), table.remove(t, 2), table.concat(t, ",")); print(table.remove({}), table.remove({}, 1), #t, table.remove(t, 10), select("#", table.remove({})))
print(table.concat({}), table.concat({ 1 }), table.concat({ 1, 2.5, "x" }, ", "), table.concat({ 1, 2, 3 }, "-", 2), table.concat({ 1, 2, 3 }, "-", 2, 2), table.concat({ 1, 2, 3 }, "-", 3, 2), table.concat({ 1 / 3 }, ""), table.maxn({ 1, 2, [10] = 3 }), table.getn({ 1, 2 }), table.maxn({}))
local u = {}; table.insert(u, 1, "a"); table.insert(u, 2, "b"); table.insert(u, 5, "e"); print(u[1], u[2], u[5]); table.foreach({ 7 }, print); table.foreachi({ 8, 9 }, print)
--- sort
local t = { 3, 1, 2 }; table.sort(t); print(table.concat(t, " ")); table.sort(t, function(a, b) return a > b end); print(table.concat(t, " ")); table.sort(t, nil); print(table.concat(t, " ")); local s = { "b", "a", "C" }; table.sort(s); print(table.concat(s, " "))
print(pcall(table.sort, { 1, "x" }) == false); print(pcall(table.sort, { {}, {} })); local big = {}; for i = 1, 500 do big[i] = (i * 7919) % 503 end; table.sort(big); local ok = true; for i = 2, 500 do ok = ok and big[i - 1] <= big[i] end; print(ok); print(pcall(table.sort, { 1, 2, 3 }, function() error("cmp", 0) end)); print(pcall(table.sort, { 1 }, 5))
local recs = {}; for i = 1, 50 do recs[i] = { k = (i * 37) % 51 } end; table.sort(recs, function(a, b) return a.k < b.k end); local o = {}; for i = 1, 50 do o[i] = recs[i].k end; print(table.concat(o, " "))
--- unpack
print(unpack({ 1, 2, 3 })); print(unpack({ 1, 2, 3 }, 2)); print(unpack({ 1, 2, 3 }, 2, 3)); print(unpack({}, 1, 2)); print(unpack({ 1, 2 }, -1, 1)); print((unpack({ 1, 2 }))); print(select("#", unpack({}, 1, 200))); print(unpack({ 1, nil, 3 }, 1, 3)); print(unpack({ 1 }, 5)); print(pcall(unpack, {}, 1, 1e8))
--- math
print(math.floor(3.7), math.floor(-3.7), math.ceil(3.2), math.ceil(-3.2), math.abs(-5), math.max(1, 5, 3), math.min(4, 2), math.sqrt(16), math.pi, math.huge, -math.huge, math.fmod(7, 3), math.fmod(-7, 3), math.pow(2, 10), math.exp(0), math.log(1), math.log10(1000))
print(math.modf(3.7)); print(math.modf(-3.7)); print(math.modf(5)); print(math.modf(1 / 0)); print(math.frexp(8)); print(math.ldexp(0.5, 4)); print(math.deg(math.pi), math.rad(180), math.sin(0), math.cos(0), math.tan(0), math.atan2(1, 1), math.floor("3.7"), math.mod ~= nil, math.cosh(0), math.sinh(0), math.tanh(0), math.asin(1), math.acos(1), math.atan(1))
math.randomseed(1); local ok = true; for i = 1, 100 do local r = math.random(); ok = ok and r >= 0 and r < 1; r = math.random(6); ok = ok and r >= 1 and r <= 6 and r == math.floor(r); r = math.random(-2, 2); ok = ok and r >= -2 and r <= 2 end; print(ok); print(pcall(math.random, 2, 1)); print(pcall(math.random, 1, 2, 3))
--- os
print(os.date("!%Y-%m-%d %H:%M:%S", 0)); print(os.date("!%c", 86400)); print(os.date("!%a %A %b %B %d %H %I %j %m %M %p %S %U %w %W %x %X %y %Y %%", 1e9)); local t = os.date("!*t", 1e9); print(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst); print(os.time({ year = 2024, month = 1, day = 15, hour = 10 })); print(os.time({ year = 2024, month = 14, day = -3 })); print(os.time({ year = 2024, month = 2, day = 30, hour = 0, min = -5, sec = 70 }), os.time { year = "2024", month = "01", day = "08" })
print(type(os.time()), type(os.clock()), os.difftime(5, 3), type(os.date()), type(os.date(nil)), pcall(os.time, {})); print(os.getenv("NO_SUCH_VARIABLE_X")); print(os.date("!%D %e %F %h %n %R %T %t %u %V %G %g %C %r", 1705314600)); print(os.setlocale("C")); print(os.date("*t", 5).year, os.date("!%H", 3600))
--- select, type, next, rawequal
print(type(nil), type(print), type({}), type("x"), type(2), type(true), type(coroutine.create(function() end))); print(next({}), next({ 5 })); print(rawequal("a", "a"), rawequal({}, {}), rawget({ 3 }, 1), rawset({}, 1, 2)[1]); print(type(newproxy(true)), type(newproxy()))
--- ipairs stops at nil
for i, v in ipairs({ 1, 2, nil, 4 }) do print(i, v) end; local p = setmetatable({}, { __index = function(t, i) if i < 3 then return i end end }); for i in ipairs(p) do print(i) end; print(#p); local a, b, c = ipairs({}); print(type(a), type(b), c); a, b, c = pairs({}); print(type(b), c)
--- len metamethod is for userdata only
print(#setmetatable({ 1, 2 }, { }))
--- collectgarbage
print(type(collectgarbage("count")), collectgarbage("collect"), collectgarbage(), pcall(collectgarbage, "bogus"))
--- module
module("mymod", package.seeall); function f() return 1 end; print(package.loaded.mymod == _M, _M._NAME, f())
--- print uses tostring
print(setmetatable({}, { __tostring = function() return "custom" end })); print(pcall(print, setmetatable({}, { __tostring = function() return 1 end }))); print(nil, true, 1.0)
--- io type
print(io.type(io.stdout), io.type(5), pcall(io.type)); print(type(io.write), io.write("") == true)
--- debug
print(type(debug.traceback()), debug.traceback("msg"):match("^msg\nstack traceback:") ~= nil); print(debug.getinfo(1, "l").currentline, debug.getinfo(1, "S").short_src, debug.getinfo(string.rep).what)
--- what debug tells of functions
local i = debug.getinfo(math.sin); print(i.what, i.source, i.short_src, i.currentline, i.linedefined, i.lastlinedefined, i.nups)
local i = debug.getinfo(function() end, "S"); print(i.what, i.short_src, i.linedefined, i.lastlinedefined)
--- every character of every class
for _, class in ipairs({ "a", "c", "d", "l", "p", "s", "u", "w", "x", "z" }) do
  local found = { class }
  for i = 0, 255 do if string.char(i):find("%" .. class) then found[#found + 1] = i end end
  print(table.concat(found, " "))
  assert(not string.char(found[2]):find("%" .. class:upper()) and not string.char(found[2]):find("[^%" .. class .. "]"))
end
--- unfinished directives
print(pcall(string.format, "%5", 1)); print(pcall(string.format, "%.", 1)); print(pcall(string.format, "%", 1)); print(pcall(string.format, "%123d", 1))
--- sets with a caret or a dash
print(("[^a"):find("[^b]"), ("["):find("[^a]"), ("^"):find("[^a]"), ("a-c"):gsub("[a-]", "."))
--- insert before the first item
local t = { 1, 2 }; table.insert(t, 0, "z"); print(t[0], t[1], t[2], t[3]); t = { 1 }; table.insert(t, -1, "y"); print(t[-1], t[0], t[1], t[2])

--- gcinfo counts kilobytes
print(type(_G["gcinfo"]()), _G["gcinfo"]() > 0)

--- the metatable of strings is like any other
local names = {}
for k in pairs(getmetatable("")) do names[#names + 1] = k end
print(#names, names[1], getmetatable("").__call, getmetatable("").__index == string)
getmetatable("").__mod = function(s, v) return (s:gsub("%%d", tostring(v))) end
getmetatable("").__call = function(s, ...) return s, ... end
getmetatable("").__add = function(a, b) return "added" end
getmetatable("").__unm = function(a, b) return "minus " .. a .. b end
getmetatable("").__newindex = function(s, k, v) print(s, k, v) end
getmetatable("").__len = function() return "never" end
getmetatable("").__lt = function() return "never" end
getmetatable("").__concat = function() return "never" end
local n = 5
print("%d items" % 5, "%d items" % n, ("x")(1, 2), "a" + 1, "3" + 1, -"x", -"2", #"abc", "a" < "b", "a" .. 1)
local s = "text"
s.key = 1
getmetatable("").__index = function(s, k) return s .. "." .. tostring(k) end
print(s.key, s[1])
local meta = getmetatable("")
for event in pairs(meta) do meta[event] = nil end
meta.__index = string

--- the metatables of other basic types
print(debug.getmetatable(nil), debug.getmetatable(1), debug.getmetatable(print), debug.getmetatable(true))
print(debug.setmetatable(nil, { __index = function(_, k) return k end, __call = function() return "called" end, __len = function() return 7 end }))
local none
print(none.x, none(), #none, debug.getmetatable(nil) ~= nil)
debug.setmetatable(nil, nil)
print(pcall(function() return none.x end))
debug.setmetatable(1, { __index = math, __call = function(n, ...) return n, ... end })
print((4):sqrt(), (2)(3), getmetatable(1).__index == math)
debug.setmetatable(1, nil)
debug.setmetatable(print, { __index = { name = "f" } })
print(print.name, tostring == tostring)
debug.setmetatable(print, nil)
debug.setmetatable(true, { __add = function(a, b) return "sum" end })
print(true + 1, 1 + false)
debug.setmetatable(true, nil)
local t = setmetatable({}, { __metatable = "locked" })
print(getmetatable(t), type(debug.getmetatable(t)), debug.setmetatable(t, nil), getmetatable(t))
print(pcall(debug.setmetatable, 1), pcall(debug.setmetatable))

--- numbers in a base, and their limits
print(tonumber("10", 2), tonumber("zz", 36), tonumber("-ff", 16), tonumber("0x10", 16), tonumber("1e1", 10), tonumber(" 11 ", 2), tonumber("12", 2))
print(tonumber("7fffffffffffffffffff", 16), tonumber("-0x10", 16), tonumber("- 1", 16), tonumber("+1", 16), tonumber("1 1", 10), tonumber("1_0", 16), tonumber("", 16))
print(pcall(tonumber, "1", 1), pcall(tonumber, "1", 37))
print(string.format("%#.0E|%#.0f|%#x|%#o|%#.0e", 1, 1, 255, 8, 12345))
print(math.ldexp(1, 2^31), math.ldexp(1, -2^31), math.ldexp(1, 1e300), math.ldexp(3, 2), math.ldexp(-0, 5))
print(pcall(string.char, 256), pcall(string.char, -1), (pcall(string.char, 0/0)), pcall(string.char, 65.7), pcall(string.char, 2^32 + 65))
print((-8)^(1/3), math.acos(2), math.log(-1), math.log10(-1), math.fmod(1, 0), 0/0, -(0/0), 5 % 0, math.sin(math.huge), 5 % math.huge)
print(2^0.5, 2^-1, (-2)^3, 10^22 == 1e22, 3^33 == 5559060566555523, 1.05^360, (-7)^65, 0^0, (-0)^-1, 0^-2)
local a, b = 0, -5
print(a / b, 1 / (a / b), a * b, -a, 0 * -1, -0, (a - a), a % b, b % 5, -5 % 5)
local x, m = 1e20, 7
print(x % 7, x % m, x % 7 == x - math.floor(x / 7) * 7, 5.5 % 2, -5.5 % 2, 5 % -3, 1 % 0.1, 2^53 % 3, -2^53 % 3)

--- tostring returns what __tostring does
local t = setmetatable({}, { __tostring = function() return nil end })
print(tostring(t) == nil, pcall(tostring))
t = setmetatable({}, { __tostring = function() return 5 end })
print(type(tostring(t)), tostring(t))

--- lines end in four ways
for _, n in ipairs{ "\n", "\r", "\n\r", "\r\n" } do
  local source = "a = 1 -- a comment" .. n .. "b = 2" .. n .. n .. "x = [=[" .. n .. "hi" .. n .. "]=]" .. n .. "y = \"\\" .. n .. "hello\\r\\n\\" .. n .. "\"" .. n .. "error('here')"
  local problem = select(2, pcall(loadstring(source, "=c")))
  print(problem, #x, #y, x == "hi\n", y == "\nhello\r\n\n")
  print((select(2, loadstring("x = 1" .. n .. "y = = 2", "=c")):gsub("near.*", "")))
end

--- select takes an int of C
print(pcall(select, 2^31, 1), pcall(select, 2^32, 1), pcall(select, 2^33, 1, 2), pcall(select, -2^31, 1), pcall(select, 1e100, 1), pcall(select, 2^32 + 1, "a"))

--- the standard files stay open, and hooks are not supported
print(io.stdin:close()) print(io.stdout:close()) print(io.stderr:close()) print(io.close()) print(io.close(io.stdin))
print(io.type(io.stdin), io.type(io.stdout), io.type(io.stderr))
print(debug.gethook()) print(select("#", debug.sethook()), select("#", debug.sethook(nil, "c")), select("#", debug.sethook(coroutine.create(print))))

--- next takes only keys that the table has had, removed ones as well
print(pcall(next, {}, "x"), pcall(next, { a = 1, b = 2 }, "zz"), pcall(next, { 1, 2 }, 1.5), pcall(next, { 1, 2 }, 1e300))
do
  local t, n = { 1, 2, 3, a = 1, b = 2, [2.5] = 3 }, 0
  for k in pairs(t) do t[k] = nil; n = n + 1 end
  print(n, next(t))
  t = { 10, 20, 30 }
  print(next(t, 1), next(t, 2), next(t, 3), next(t, nil))
end

--- NaN as a position counts as 0, and a rejected character is not read
do
  local t = { 1, 2, 3 }
  print(pcall(table.insert, t, 0/0, 5), #t, t[0], t[1], t[4])
  local f = io.tmpfile()
  f:write("12 z rest -3.5e+2x 0x1F .5 e7")
  f:seek("set")
  print(f:read("*n"), f:seek(), f:read("*n"), f:seek(), f:read(6), f:read("*n"), f:read(1), f:read("*n"), f:read("*n"), f:read("*n"), f:read("*a"))
  f:close()
end
--- metatables of basic types
getmetatable("").__tostring = function() return "TS" end print("z", tostring("z"))
getmetatable("").__tostring = nil
debug.setmetatable(1, {__tostring=function() return "N" end}) print(1, tostring(2)) print(pcall(function() return getmetatable(1).__tostring ~= nil end))
debug.setmetatable(1, {__metatable="lk"}) print(getmetatable(1), type(debug.getmetatable(1)))
debug.setmetatable(1, nil) print(getmetatable(1))
debug.setmetatable(print, {__metatable="F"}) print(getmetatable(print)) debug.setmetatable(print, nil)
getmetatable("").__metatable = "locked" print(getmetatable(""), type(debug.getmetatable("")))
debug.getmetatable("").__metatable = false print(getmetatable(""))
debug.getmetatable("").__metatable = nil print(type(getmetatable("")))
print(getmetatable(nil), getmetatable(true), getmetatable(coroutine.create(function() end)))
debug.setmetatable(nil, {__index = function() return "nothing" end}) print((nil).x) debug.setmetatable(nil, nil)
print(setmetatable({}, {__metatable = false}) ~= nil, getmetatable(setmetatable({}, {__metatable = 5})))
print(pcall(setmetatable, setmetatable({}, {__metatable = false}), {}))

--- files refuse formats and options that Lua 5.1 does not have
local f = io.tmpfile()
f:write("one\ntwo\n3 4")
for _, format in ipairs{ "n", "l", "all", "", {}, true, "*", "*x" } do print(pcall(f.read, f, format)) end
print(f:seek("set"), f:read("*line", "*letters"), f:read("*number", "*numeral"), f:read("*all"))
print(pcall(function() f:setvbuf("x") end)) print(pcall(function() f:setvbuf() end)) print(pcall(function() f:setvbuf("full", {}) end))
print(f:setvbuf("no"), f:setvbuf("full", 1024), f:setvbuf("line"))
print(f:seek("set", -1)) print(pcall(function() f:seek("x") end))

--- the object of a method is not counted, whatever it is
print(pcall(function() ("x"):gsub("x", nil) end))
print(pcall(function() io.stdout:write({}) end))
print(pcall(function() io.stdout:write("", {}) end))
print(pcall(function() local t = { s = "x" } t.s:rep({}) end))
print(pcall(function() string.rep("x", {}) string.rep("x", 1) end))
print(pcall(function() local s = "x" return s:rep(1), s:rep({}) end))

--- arguments of functions for environments
print(pcall(setfenv, 1)) print(pcall(function() setfenv(1) end)) print(pcall(function() setfenv() end)) print(pcall(function() module() end))
print(pcall(function() setfenv(type, {}) end)) print(pcall(function() setfenv(pcall, {}) end)) print(pcall(function() setfenv("x", {}) end))
print(pcall(function() setfenv(-1, {}) end)) print(pcall(function() setfenv(50, {}) end)) print(pcall(function() setfenv("1", {}) return x == nil end))
print(pcall(function() getfenv("x") end)) print(pcall(function() return getfenv(-1) end)) print(pcall(function() getfenv({}) end))
print(getfenv() == _G, getfenv(nil) == _G, getfenv("1") == _G)
local e = setmetatable({}, { __index = _G }) local g = setfenv(function() fresh = 1 return getfenv(1) end, e) print(g() == e, e.fresh, fresh)

--- newproxy takes what Lua 5.1 takes
for _, v in ipairs{ 1, {}, "x", newproxy(), newproxy(false), io.stdout } do print(pcall(newproxy, v)) end
local p = newproxy(true)
getmetatable(p).__len = function() return 3 end
print(#newproxy(p), getmetatable(newproxy(p)) == getmetatable(p), getmetatable(newproxy()), getmetatable(newproxy(false)), type(newproxy(nil)))

--- options of collectgarbage
print(collectgarbage("setpause", 100), collectgarbage("setpause", 200), collectgarbage("setstepmul", 5), collectgarbage("setstepmul", "200"))
print(collectgarbage("stop"), collectgarbage("restart"), collectgarbage(), collectgarbage("setpause"), collectgarbage("setpause", 200))
print(pcall(collectgarbage, "x")) print(pcall(collectgarbage, "setpause", "x"))

--- yield outside of a coroutine
print(pcall(coroutine.yield)) print(pcall(coroutine.yield, 1))

--- a traceback of something else than a text is that value
print(debug.traceback(nil), debug.traceback(true), debug.traceback(nil) == nil, xpcall(function() error() end, debug.traceback))
print(type(debug.traceback()), debug.traceback("x"):match("^x\nstack traceback:\n") ~= nil)

--- package.config has no empty line at its end
print("<" .. package.config .. ">")
