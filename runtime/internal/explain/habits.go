package explain

import "strings"

// where says in which place a habit shows.
type where int

const (
	// inSymbol is a symbol that Lua does not have.
	inSymbol where = 1 << iota
	// inSyntax is a word in front of what Lua cannot read.
	inSyntax
	// inGlobal is the name of a global variable that does not exist.
	inGlobal
)

// habits are what people write who know another language, with how Lua writes
// it. "%" stands for what was written.
var habits = []struct {
	written string
	where   where
	lua     string
}{
	{"!=", inSymbol, "'not equal' is written ~="},
	{"!", inSymbol, "write not instead of !: not x"},
	{"&& &", inSymbol, "write and instead of %"},
	{"|| |", inSymbol, "write or instead of %"},
	{"+=", inSymbol, "write the variable again: x = x + 1"},
	{"-=", inSymbol, "write the variable again: x = x - 1"},
	{"*=", inSymbol, "write the variable again: x = x * 2"},
	{"/=", inSymbol, "write the variable again: x = x / 2; 'not equal' is written ~="},
	{"++", inSymbol, "write x = x + 1"},
	{"//", inSymbol, "a comment starts with --; for a division without a fraction use math.floor(a / b)"},
	{"/*", inSymbol, "a comment starts with --; one over several lines is between --[[ and ]]"},
	{"=>", inSymbol, "a function is written function(x) ... end"},
	{"->", inSymbol, "a function is written function(x) ... end; a field is reached with a dot"},
	{"?", inSymbol, "a choice is written if condition then x = a else x = b end"},
	{"`", inSymbol, "text goes between quotes; join values into it with .. or string.format"},
	{"#", inSymbol, "# is the length of a table or text; a comment starts with --"},
	{"@", inSymbol, "@ has no meaning in Lua"},
	{"$", inSymbol, "$ has no meaning in Lua; join values into a text with .."},
	{`\`, inSymbol, "remove the backslash; a statement may continue on the next line without it"},

	{"elif elsif", inSyntax | inGlobal, "'%' is written elseif"},
	{"var let const", inSyntax, "a variable is declared with local"},
	{"def func fn", inSyntax, "a function is written function name(x) ... end"},
	{"import", inSyntax | inGlobal, `a module is loaded with local name = require "name"`},
	{"from", inSyntax, `a module is loaded with local name = require "name"`},
	{"include", inGlobal, `a module is loaded with local name = require "name"`},
	{"print", inSyntax, "a call needs parentheses: print(x)"},
	{"new", inSyntax, "Lua has no new; call the function that makes the value"},
	{"throw raise", inSyntax, `an error is raised with error("message")`},
	{"try", inSyntax | inGlobal, "errors are caught with local ok, err = pcall(function() ... end); then check ok: if not ok then ... end"},
	{"switch", inSyntax | inGlobal, "a choice among several is written if ... then ... elseif ... then ... else ... end"},
	{"async await", inSyntax, "Lua has no %; every call waits for its result"},
	{"foreach", inSyntax, "a loop over a table is written for key, value in pairs(t) do ... end"},
	{"continue", inSyntax | inGlobal, "Lua has no continue; put the rest of the loop's body into an if ... end"},

	{"null NULL Null", inSyntax | inGlobal, "'%' is written nil; json.null clears a field in Planhat"},
	{"None", inSyntax | inGlobal, "'%' is written nil"},
	{"undefined Nil NIL nill nul", inGlobal, "'%' is written nil"},
	{"True TRUE", inGlobal, "'%' is written true"},
	{"False FALSE", inGlobal, "'%' is written false"},
	{"this", inGlobal, "inside its methods, an object is called self"},
	{"len", inGlobal, "the length of a list or text is written #value"},
	{"range", inGlobal, "counting is written for i = 1, 10 do ... end"},
	{"str", inGlobal, "a value becomes text with tostring(value)"},
	{"int", inGlobal, "a text becomes a number with tonumber(text); math.floor(number) rounds it down"},
	{"float parseInt parseFloat Number", inGlobal, "a text becomes a number with tonumber(text)"},
	{"console", inGlobal, "print(...) shows a line, log.info(...) writes a message to the log"},
	{"echo", inGlobal, "text is shown with print(...)"},
	{"printf", inGlobal, "write print(string.format(...))"},
	{"warn", inGlobal, "log.warn(...) writes a warning"},
	{"bit32", inGlobal, "Lua 5.1 has no operations on bits"},
	{"utf8", inGlobal, "Lua 5.1 has no module utf8"},
	{"open", inGlobal, "files are read with fs.read(name) and csv.rows(name)"},
	{"exit", inGlobal, "'%' is written os.exit"},
	{
		"describe it expect run_script simulator clock before_each after_each before_all after_all", inGlobal,
		"it exists only in tests: files whose names end in _test.lua, which 'phscript test FILE' runs",
	},
}

// byPlace finds a habit by its place and what was written.
var byPlace = func() map[where]map[string]string {
	known := map[where]map[string]string{inSymbol: {}, inSyntax: {}, inGlobal: {}}
	for _, h := range habits {
		for place, hints := range known {
			if h.where&place == 0 {
				continue
			}
			for _, written := range strings.Fields(h.written) {
				hints[written] = strings.ReplaceAll(h.lua, "%", written)
			}
		}
	}
	return known
}()

// Symbol says how Lua writes what another language spells with a symbol, or
// returns "".
func Symbol(symbol string) string { return byPlace[inSymbol][symbol] }

// Word says how Lua writes what another language begins with a word, for the
// case that the word is in front of what cannot be read; or returns "".
func Word(word string) string { return byPlace[inSyntax][word] }

// Global says how Lua writes what a global name means in another language or
// in a test, or returns "".
func Global(name string) string { return byPlace[inGlobal][name] }

// synonyms are the names that other languages and clients give to what modules
// do, with those that it may be called here.
var synonyms = func() map[string][]string {
	known := map[string][]string{}
	for _, same := range []struct{ names, members string }{
		{"find get fetch read load show findone getone findbyid retrieve byid", "get_by_id get_list decode"},
		{"list all findall getall listall filter where search query select index findby", "get_list each"},
		{"save insert add put store push append set", "create update bulk_upsert write insert"},
		{"upsert bulkinsert bulkcreate bulkupdate createorupdate", "bulk_upsert"},
		{"patch modify edit change", "update"},
		{"new post make", "create"},
		{"remove destroy del erase drop", "delete remove"},
		{"removeall deleteall deletemany bulkremove", "bulk_delete"},
		{"join", "concat"},
		{"stringify dump dumps serialize tojson tostring", "encode"},
		{"parse loads deserialize fromjson", "decode"},
		{"write writefile save dump", "encode_file"},
		{"read load readfile", "decode_file"},
	} {
		for _, name := range strings.Fields(same.names) {
			known[name] = append(known[name], strings.Fields(same.members)...)
		}
	}
	return known
}()
