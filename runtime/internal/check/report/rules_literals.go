package report

// literalRules are about literals that the run refuses, and Lua patterns.
var literalRules = []Rule{
	{
		"pattern", Warning,
		"A Lua pattern that is invalid, or a regular expression or plain text in its place; also a pattern where a function takes plain text. It is an error if the call fails.",
		`print((("1.500"):gsub(".", "")))`, `print((("1.500"):gsub("%.", "")), ("2026-01-15"):match("^%d+-%d+"))`,
	},
	{
		"cell-as-number", Error,
		"A cell of a CSV file, which is text, compared with a number or a boolean. It is a warning if the script calculates with it, which works for some texts.",
		"for row in csv.rows(\"accounts.csv\") do\n  if row.seats > 100 then print(row.id) end\nend",
		"for row in csv.rows(\"accounts.csv\", { numbers = { \"seats\" } }) do\n  if row.seats > 100 and row.id ~= \"7\" then print(row.id) end\nend",
	},
}
