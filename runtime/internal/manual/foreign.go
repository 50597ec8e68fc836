package manual

// forTests is said of a test that is run as a script.
const forTests = "that is for tests: files that end in _test.lua, which are run by 'phscript test FILE'"

// foreign says how to write what other languages have as a global name, and
// what is a keyword spelt wrong.
var foreign = map[string]string{
	"null": "'null' is written nil; json.null clears a field in Planhat", "NULL": "'NULL' is written nil", "Null": "'Null' is written nil",
	"None": "'None' is written nil", "undefined": "'undefined' is written nil", "Nil": "'Nil' is written nil", "NIL": "'NIL' is written nil",
	"nill": "'nill' is written nil", "nul": "'nul' is written nil",
	"True": "'True' is written true", "False": "'False' is written false", "TRUE": "'TRUE' is written true", "FALSE": "'FALSE' is written false",
	"this":   "an object inside of its methods is called self",
	"import": `a module is loaded with local name = require "name"`, "include": `a module is loaded with local name = require "name"`,
	"len": "the length of a list or text is written #value", "range": "counting is written for i = 1, 10 do ... end",
	"str": "a value becomes text with tostring(value)", "int": "a text becomes a number with tonumber(text); math.floor(number) cuts it off",
	"float": "a text becomes a number with tonumber(text)", "parseInt": "a text becomes a number with tonumber(text)",
	"parseFloat": "a text becomes a number with tonumber(text)", "Number": "a text becomes a number with tonumber(text)",
	"console": "print(...) shows a line, log.info(...) writes a message into the log", "echo": "text is shown with print(...)",
	"printf": "write print(string.format(...))", "warn": "log.warn(...) writes a warning",
	"bit32": "Lua 5.1 has no operations on bits", "utf8": "Lua 5.1 has no module utf8",
	"continue": "Lua has no continue; put the rest of the loop's body into an if", "elif": "'elif' is written elseif",
	"open": "files are read with fs.read(name) and csv.rows(name)", "exit": "a run is ended with os.exit()",
	"describe": forTests, "it": forTests, "expect": forTests, "run_script": forTests, "simulator": forTests, "clock": forTests,
	"before_each": forTests, "after_each": forTests, "before_all": forTests, "after_all": forTests,
}

// Foreign says how to write what a global name means in another language or in
// a test, or returns "".
func Foreign(name string) string { return foreign[name] }
