package report

// slipRules are about slips that people make in Lua.
var slipRules = []Rule{
	{"field-of-number", Error, "A field of a number, often of the position in an `ipairs` loop.", `for row in ipairs({ "Acme" }) do print(row.name) end`, `for i, row in ipairs({ { name = "Acme" } }) do print(i, row.name) end`},
	{"constant-condition", Warning, "A comparison or condition whose result is always the same.", "local c = planhat.company.get_by_id(\"extid-1\")\nif not c.owner == nil then print(c.owner) end", "if setfenv then print(\"5.1\") end\nif args[1] == \"a\" or args[1] == \"b\" then print(1) end"},
	{"length-of-record", Error, "`#` of a value that is neither a list nor a string.", `print(#{ name = "Acme" })`, `print(#{ "Acme" }, #"Acme")`},
	{"loop-over-table", Error, "A `for ... in` loop over a table, a number, or a function that must be called first.", "for c in planhat.company.each do print(c) end", `for c in planhat.company.each() do print(c.name) end`},
	{"ipairs-over-record", Warning, "`ipairs` over a table that has named fields but no items.", "for _, v in ipairs({ a = 1 }) do print(v) end", `for k, v in pairs({ a = 1 }) do print(k, v) end`},
	{"loop-bounds", Warning, "A counting loop that starts at 0, goes past the end of the list, or never runs; also item 0 of a list.", "local rows = { 1, 2 }\nfor i = 0, #rows do print(rows[i]) end", "local rows = { 1, 2 }\nfor i = #rows, 1, -1 do print(rows[i]) end"},
	{"fraction-as-index", Warning, "A division used as a list index.", "local rows = { 1, 2 }\nprint(rows[#rows / 2])", "local rows = { 3, 1, 2, 4 }\nlocal n = #rows\nif n % 2 == 0 then print((rows[n / 2] + rows[n / 2 + 1]) / 2) end"},
	{"text-arithmetic", Error, "Arithmetic on a string, or a value that `..` cannot join to a string.", `print("total: " + 5)`, `print("total: " .. 5, "10" + 5)`},
	{"ignored-result", Warning, "A call whose result is ignored, although it has no other effect or reports rejected rows.", "local name = \"Acme\"\nname:upper()", "local queue = { reverse = function() print(\"done\") end }\nqueue:reverse()"},
	{"no-result", Warning, "A value taken from a function that returns nothing.", "local rows = { 2, 1 }\nlocal sorted = table.sort(rows)\nprint(sorted)", "local rows = { 2, 1 }\ntable.sort(rows)\nprint(#rows)"},
	{"further-results", Warning, "A second result that a call receives as an extra argument by mistake.", `print(tonumber(("1,500"):gsub(",", "")))`, `print(tonumber((("1,500"):gsub(",", ""))))`},
	{"escape", Warning, "A backslash in a string that Lua drops because it does not start an escape sequence.", `fs.read("C:\Users\me.csv")`, `print("C:/Users/me.csv", "a\\tb\n")`},
	{"empty-block", Warning, "An `if` or a loop that does nothing and contains nothing, not even a comment.", "if args[1] then end", "if args[1] then\n  -- the default is right\nend"},
}
