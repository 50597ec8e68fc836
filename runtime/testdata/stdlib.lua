local tables = require "tables"
local text = require "text"

local function same(got, want)
  got, want = inspect(got), inspect(want)
  if got ~= want then error("got " .. got .. ", want " .. want, 2) end
end

local rows = {
  { id = 1, tier = "gold", mrr = 10 },
  { id = 2, tier = "silver", mrr = "5" },
  { id = 3, tier = "gold" },
  { id = 4, mrr = 20 },
}
local function ids(list) return tables.map(list, function(r) return r.id end) end

same(ids(rows), { 1, 2, 3, 4 })
same(tables.map({ 1, 2, 3 }, function(v, i) if i ~= 2 then return v * 2 end end), { 2, 6 })
same(ids(tables.filter(rows, function(r) return r.mrr end)), { 1, 2, 4 })
same(tables.reduce({ 1, 2, 3 }, 10, function(a, b) return a + b end), 16)
same({ tables.find(rows, function(r) return r.tier == "silver" end) }, { rows[2], 2 })
same(tables.find(rows, function() return false end), nil)
same(tables.sum(rows, "mrr"), 35)
same(tables.sum(rows, function(r) return r.id end), 10)
same(select(2, pcall(tables.sum, { { a = "x" } }, "a")):match("item 1 has x, which is not a number") ~= nil, true)
local groups = tables.group_by(rows, "tier")
same(ids(groups.gold), { 1, 3 })
same(tables.keys(groups), { "gold", "silver" })
same(tables.index_by(rows, "id")[3].id, 3)
same(ids(tables.sort_by(rows, "tier")), { 1, 3, 2, 4 })
same(ids(tables.sort_by(rows, "tier", true)), { 2, 1, 3, 4 })
same(ids(tables.sort_by(rows, function(r) return -r.id end)), { 4, 3, 2, 1 })
same(tables.sort_by({ true, "b", 2, false, "a", 1 }, function(v) return v end), { false, true, 1, 2, "a", "b" })
same(tables.chunk({ 1, 2, 3, 4, 5 }, 2), { { 1, 2 }, { 3, 4 }, { 5 } })
same(tables.chunk({}, 2), {})
assert(not pcall(tables.chunk, {}, 0))
same(tables.unique({ 1, 2, 1, 3, 2 }), { 1, 2, 3 })
same(ids(tables.unique(rows, "tier")), { 1, 2, 4 })
same(tables.keys({ b = 1, a = 2, 5, [10] = 1 }), { 1, 10, "a", "b" })
same(tables.values({ b = 1, a = 2 }), { 2, 1 })
local seen = {}
for key, value in tables.sorted{ b = 1, a = 2 } do seen[#seen + 1] = key .. value end
same(seen, { "a2", "b1" })
same(tables.merge({ a = 1 }, nil, { b = 2, a = 3 }), { a = 3, b = 2 })
same(tables.pick({ a = 1, b = 2 }, { "a", "c" }), { a = 1 })
same(tables.count({ 1, 2, x = 3 }), 3)
assert(not pcall(tables.sort_by, rows))

-- All functions agree on what a number is: texts from CSV files count.
local cells = csv.parse("name,mrr\nA,900\nB,10000\nC,2500\nD, 9e2 \nE,n/a\nF,-3\nG,\n")
local function names(list) return table.concat(tables.map(list, function(r) return r.name end)) end
same(names(tables.sort_by(cells, "mrr")), "FADCBEG")
same(names(tables.sort_by(cells, "mrr", true)), "EBCADFG")
same(tables.sort_by({ "10", 9, "0x10", "1.5", ".5", "1.2.3", true, "nan", "inf", "" }, function(v) return v end), { true, ".5", "1.5", 9, "10", "", "0x10", "1.2.3", "inf", "nan" })
same(tables.sort_by({ "12345678901234567892", "12345678901234567891", "-12345678901234567891", "-12345678901234567892", "9" }, function(v) return v end),
  { "-12345678901234567892", "-12345678901234567891", "9", "12345678901234567891", "12345678901234567892" })
same(tables.sum({ "10", 9, " 1.5 ", "1e2" }), 120.5)
for _, no in ipairs{ "0x10", "nan", "inf", "1,5", "", "-" } do assert(not pcall(tables.sum, { no }), no) end
same(tables.keys(tables.group_by({ "10", "9", "b" }, function(v) return v end)), { "9", "10", "b" })
same(#tables.unique({ "007", "7", 7 }), 3)

-- A field that no item has is named, once for each call in the script.
local said, warn = {}, log.warn
log.warn = function(message) said[#said + 1] = message end
local function says(want, fn)
  said = {}
  fn()
  same(#said, want and 1 or 0)
  if want and not said[1]:find(want, 1, true) then error("got " .. said[1] .. ", want " .. want, 2) end
end
says("tables.sum: no item of the list has the field 'MRR' (did you mean 'mrr'?)", function() tables.sum(rows, "MRR") end)
says("main.lua:73: tables.group_by:", function()
  tables.group_by(rows, "teir")
end)
says("has the field 'teir' (did you mean 'tier'?)", function() tables.group_by(rows, "teir") end)
says("tables.index_by: no item of the list has the field 'owner'; they have: id, mrr, tier", function() tables.index_by(rows, "owner") end)
says("tables.sort_by: no item of the list has the field 'ID' (did you mean 'id'?)", function() tables.sort_by(rows, "ID") end)
says("tables.unique: no item of the list has the field 'Tier' (did you mean 'custom.Tier'?); write function(item) return item.custom.Tier end", function()
  tables.unique({ { custom = { Tier = 1 } } }, "Tier")
end)
says("has the field 'custom.Tier'; write function", function() tables.unique({ { custom = { Tier = 1 } } }, "custom.Tier") end)
says("'phase'", function()
  for _ = 1, 3 do tables.sum(rows, "phase") end
end)
local mixed = { { k = 5 }, { k = "5" }, { k = 6 } }
says('tables.group_by: the number 5 and the text "5" are different keys; convert one with tostring or tonumber', function() tables.group_by(mixed, "k") end)
says("tables.index_by: the number 5", function() tables.index_by(mixed, "k") end)
says("tables.unique: the number 5", function()
  for _ = 1, 3 do tables.unique(mixed, "k") end
end)
says(nil, function() tables.group_by({ { k = "5" }, { k = "6" }, { k = "05" } }, "k") end)
says(nil, function() tables.sum({ { id = 1 } }, "mrr") end) -- other lists had it
says(nil, function() tables.sum({}, "nothing") end)
says(nil, function() tables.sort_by({ 1, 2 }, function(v) return v end) end)
says(nil, function() tables.sum({ { 1, 2 } }, 2) end)
says(nil, function() tables.unique({ "a" }, "x") end)
same(tables.sum(rows, "none"), 0)
log.warn = warn

same(text.trim("  a b\t\n"), "a b")
same(text.trim(" \n "), "")
same(text.trim(("\n"):rep(1e5) .. "x"), "x")
same(text.split("a,b,,c", ","), { "a", "b", "", "c" })
same(text.split("a, b,,c", ",", { trim = true, skip_empty = true }), { "a", "b", "c" })
same(text.split("", ","), { "" })
same(text.split("a.b.c", "."), { "a", "b", "c" })
same(text.lines("a\r\nb\n\nc"), { "a", "b", "", "c" })
same(text.lines("a\n"), { "a" })
same(text.lines(""), {})
assert(text.starts_with("extid-1", "extid-") and not text.starts_with("x", "xx"))
assert(text.ends_with("a.lua", ".lua") and text.ends_with("a", "") and not text.ends_with("a", "b"))
assert(text.contains("50%", "%") and not text.contains("a", "."))
same(text.replace("a.b.c", ".", "%1"), "a%1b%1c")
same(text.pad("ab", 4) .. "|", "ab  |")
same(text.pad("7", -3, "0"), "007")
same(text.pad("Ödön", 5) .. "|", "Ödön |")
same(text.length("Ödön"), 4)
same(text.presence("  x "), "x")
same(text.presence("  "), nil)
same(text.presence(nil), nil)
same(text.presence(5), "5")

-- A number is the same to whatever reads one.
for _, s in ipairs{
  "5", "+5", "-5", "5.", ".5", "-.5", "1e3", "1E+3", "1.5e-3", "007", " 5", "5 ", "0x10", "1e", "e5", ".", "-", "+", "1_000", "1,5", "1.2.3", "inf", "nan", "1e999", "-1e999", "5e+", "--5", "1d",
} do
  local read, rows = pcall(csv.parse, "id;n\n1;" .. s .. "\n", { numbers = { "n" } })
  local added, sum = pcall(tables.sum, { s })
  local amount = money.try_parse(s, { decimal = "." })
  same({ s, added and sum, amount or false }, { s, read and rows[1].n, read and rows[1].n })
end

same(text.upper("große öå"), "GROßE ÖÅ")
same(text.lower("GRÖSSE ÅЖ"), "grösse åж")
same(text.title("ACME gmbh, élan o'neill"), "Acme Gmbh, Élan O'neill")
same(text.upper("a\255b"), "A\255B")
same(text.lower("A\255Z["), "a\255z[")
same(text.slug("  Größe & Co. -- Straße 5/7 "), "grosse-co-strasse-5-7")
same(text.slug("Ærø's Łódź ﬁ Ⅳ Москва"), "aeros-lodz-fi-iv-москва")
same(text.slug("!!!"), "")
same(text.truncate("Ödön", 4), "Ödön")
same(text.truncate("Ödön is", 5), "Ödön…")
same(text.truncate("Ödön is", 5, "..."), "Öd...")
same(text.truncate("Ödön", 2, "..."), "Öd")
same(text.truncate("Ödön", 0), "")
assert(#text.truncate(("\128"):rep(1000), 5) <= 1000)
assert(not pcall(text.truncate, "a", -1) and not pcall(text.truncate, "a", 1.5) and not pcall(text.slug, {}))

local deep = require "tables.deep"
same(deep.flatten({ 1, { 2, { 3, {} } }, { a = 1 } }), { 1, 2, 3, { a = 1 } })
same(deep.flatten({ 1, { 2, { 3 } } }, 1), { 1, 2, { 3 } })
local loop = {}
loop[1] = loop
assert(select(2, pcall(deep.flatten, loop)):find("the list contains itself", 1, true))
local original = { a = { b = { 1, 2 } } }
local copied = deep.copy(original)
copied.a.b[1] = 9
same(original.a.b[1], 1)
assert(deep.copy(loop)[1][1] ~= loop)
assert(deep.equal({ 1, { a = "x" } }, { 1, { a = "x" } }) and not deep.equal({ 1 }, { 1, 2 }) and not deep.equal({ 1, 2 }, { 1 }))
assert(not deep.equal({ a = 1 }, { a = "1" }) and deep.equal(nil, nil) and deep.equal(loop, deep.copy(loop)))
same(deep.diff({ a = 1, b = { 1 }, c = 3 }, { a = 2, b = { 1 }, d = 4 }), { a = { old = 1, new = 2 }, c = { old = 3 }, d = { new = 4 } })
same(deep.diff({}, {}), {})
local defaults = { a = { x = 1, y = 2 }, list = { 1, 2 } }
same(deep.merge(defaults, nil, { a = { y = 3 }, list = { 9 }, b = { c = {} } }), { a = { x = 1, y = 3 }, b = { c = {} }, list = { 9 } })
same(defaults, { a = { x = 1, y = 2 }, list = { 1, 2 } })
return "done"
