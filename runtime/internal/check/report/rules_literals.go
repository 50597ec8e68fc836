package report

// literalRules are about literals that the run refuses, and Lua patterns.
var literalRules = []Rule{
	{
		"pattern", Warning,
		"A Lua pattern that is invalid, or a regular expression or plain text in its place; also a pattern where a function takes plain text. It is an error if the call fails.",
		`print((("1.500"):gsub(".", "")))`, `print((("1.500"):gsub("%.", "")), ("2026-01-15"):match("^%d+-%d+"))`,
	},
}
