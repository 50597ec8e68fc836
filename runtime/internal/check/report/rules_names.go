package report

// nameRules are about names, variables and the order of statements.
var nameRules = []Rule{
	{"syntax", Error, "The script is not valid Lua, so it cannot start.", "if a = 1 then end", ""},
	{"undefined-global", Error, "A name that is not defined anywhere, so it is nil at run time.", "prnt(1)", ""},
	{"global-set", Warning, "A variable assigned without `local` is global: other functions and files can change it.", "count = 0", ""},
	{"global-overwritten", Warning, "The script replaces a built-in function or module for the rest of the run.", "print = nil", ""},
	{"unused-local", Warning, "A local variable that is never used.", "local total = 0", ""},
	{"unused-function", Warning, "A local function that is never called.", "local function key() end", ""},
	{"unused-argument", Warning, "A parameter that its function does not use. Start its name with `_` if this is intended.", "return function(row) end", ""},
	{"unused-loop-variable", Warning, "A loop variable that the loop does not use. Call it `_` if this is intended.", `for i, name in ipairs({ "Acme" }) do print(name) end`, ""},
	{"unused-assignment", Warning, "A value that is overwritten or goes out of scope before it is read.", "local n = 1\nn = 2\nprint(n)", ""},
	{"never-set", Warning, "A local variable that is read but never assigned.", "local n\nprint(n)", ""},
	{"read-before-set", Warning, "A variable that is read before it is first assigned.", "local n\nprint(n)\nn = 1\nprint(n)", ""},
	{"shadowed-name", Warning, "A local variable with the same name as another variable or a built-in function or module.", "local type = \"customer\"\nprint(type)", ""},
	{"unreachable-code", Warning, "Code that never runs.", "do return end\nprint(1)", ""},
	{"loop-runs-once", Warning, "A loop that always ends in its first iteration.", "for i = 1, 9 do return i end", ""},
	{"duplicate-field", Warning, "A field that a table sets twice. Only the last value is kept.", "return { a = 1, a = 2 }", ""},
}
