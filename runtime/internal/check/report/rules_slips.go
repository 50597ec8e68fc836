package report

// slipRules are about slips that people make in Lua.
var slipRules = []Rule{
	{"field-of-number", Error, "A field of a number, often of the position in an `ipairs` loop.", `for row in ipairs({ "Acme" }) do print(row.name) end`, ""},
	{"constant-condition", Warning, "A comparison or condition whose result is always the same.", "local c = planhat.company.get_by_id(\"extid-1\")\nif not c.owner == nil then print(c.owner) end", ""},
	{"length-of-record", Error, "`#` of a value that is neither a list nor a string.", `print(#{ name = "Acme" })`, ""},
	{"loop-over-table", Error, "A `for ... in` loop over a table, a number, or a function that must be called first.", "for c in planhat.company.each do print(c) end", ""},
	{"ipairs-over-record", Warning, "`ipairs` over a table that has named fields but no items.", "for _, v in ipairs({ a = 1 }) do print(v) end", ""},
	{"loop-bounds", Warning, "A counting loop that starts at 0, goes past the end of the list, or never runs; also item 0 of a list.", "local rows = { 1, 2 }\nfor i = 0, #rows do print(rows[i]) end", ""},
	{"fraction-as-index", Warning, "A division used as a list index.", "local rows = { 1, 2 }\nprint(rows[#rows / 2])", ""},
	{"text-arithmetic", Error, "Arithmetic on a string, or a value that `..` cannot join to a string.", `print("total: " + 5)`, ""},
	{"ignored-result", Warning, "A call whose result is ignored, although it has no other effect or reports rejected rows.", "local name = \"Acme\"\nname:upper()", ""},
	{"no-result", Warning, "A value taken from a function that returns nothing.", "local rows = { 2, 1 }\nlocal sorted = table.sort(rows)\nprint(sorted)", ""},
	{"further-results", Warning, "A second result that a call receives as an extra argument by mistake.", `print(tonumber(("1,500"):gsub(",", "")))`, ""},
	{"escape", Warning, "A backslash in a string that Lua drops because it does not start an escape sequence.", `fs.read("C:\Users\me.csv")`, ""},
	{"pattern", Warning, "A pattern character with a special meaning, used where the character itself is meant.", `print((("1.500"):gsub(".", "")))`, ""},
	{"empty-block", Warning, "A branch or loop that contains nothing, not even a comment.", "for _ = 1, 3 do end", ""},
}
