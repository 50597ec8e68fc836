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
same(select(2, pcall(tables.sum, { { a = "x" } }, "a")):match("item 1 has x where a number is needed") ~= nil, true)
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
return "done"
