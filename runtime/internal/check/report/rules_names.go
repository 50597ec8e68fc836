package report

// nameRules are about names, variables and the order of statements.
var nameRules = []Rule{
	{"syntax", Error, "The script is not valid Lua, so it cannot start.", "if a = 1 then end", "local goto = { continue = 1 }\nprint(goto.continue)"},
	{"undefined-global", Error, "A name that is not defined anywhere, so it is nil at run time.", "prnt(1)", "if jit then print(jit.version) end\nprint(type(utf8))"},
	{"global-set", Warning, "A function assigns a variable without `local`, so it is global: other functions and files can change it.", "local function load()\n  count = 0\n  return count + 1\nend\nprint(load())", "count = 0\nlocal function add() count = count + 1 end\nadd()\nprint(count)"},
	{"global-overwritten", Warning, "The script replaces a built-in function or module for the rest of the run.", "print = nil", "unpack = unpack or table.unpack\nprint(unpack({ 1 }))"},
	{"unused-local", Warning, "A local variable that is never used.", "local total = 0", "local ok, message = pcall(error, \"no\")\nprint(message)"},
	{"unused-function", Warning, "A local function that is never called.", "local function key() end", "local key\nfunction key(row) return row.id and key(row.parent) end\nprint(key({}))"},
	{"unused-argument", Warning, "A parameter that its function does not use. Start its name with `_` if this is intended.", "return function(row) end", `return function(_row, name) return name end`},
	{"unused-loop-variable", Warning, "A loop variable that the loop does not use. Call it `_` if this is intended.", `for _, name in ipairs({ "Acme" }) do print("name") end`, "local n = 0\nfor _ in pairs(args) do n = n + 1 end\nprint(n)"},
	{"unused-assignment", Warning, "A value that is overwritten or goes out of scope before it is read.", "local n = tonumber(args[1])\nn = 2\nprint(n)", "local name = \"\"\nif args[1] then name = args[1] else name = \"Acme\" end\nprint(name)"},
	{"never-set", Warning, "A local variable that is read, or given fields, but never assigned.", "local n\nprint(n)", "local n\nif args[1] then n = 1 end\nprint(n)"},
	{"read-before-set", Warning, "A variable that is read before it is first assigned.", "local n\nprint(n)\nn = 1\nprint(n)", "local n\nlocal function show() print(n) end\nn = 1\nshow()"},
	{"shadowed-name", Warning, "A name that one statement declares twice, or a local variable used as the built-in function or module that it hides.", "local type = \"customer\"\nprint(type(type))", "local function show(args)\n  local type = \"customer\"\n  print(args, type)\nend\nshow(1)"},
	{"unreachable-code", Warning, "Code that never runs.", "do return end\nprint(1)", "local function sign(n)\n  if n < 0 then return -1 else return 1 end\n  error(\"not a number\")\nend\nprint(sign(2))"},
	{"loop-runs-once", Warning, "A loop that always ends in its first iteration.", "for i = 1, 9 do return i end", "local function first()\n  for company in planhat.company.each{ limit = 1 } do return company end\nend\nprint(first())"},
	{"duplicate-field", Warning, "A field that a table sets twice. Only the last value is kept.", "return { a = 1, a = 2 }", `return { a = 1, A = 2, [1] = 3 }`},
}
