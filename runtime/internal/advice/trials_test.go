package advice

const table = "id;arr;note\n1;12;a\n2;30;\n"

// trials are the hints that propose code, with an input for each.
var trials = []advised{
	// Errors of scripts.
	{
		hint: "loop over a list with ipairs: for … in ipairs(…) do", script: "local rows = { 'a' }\nfor row in rows do print(row) end",
		replace: "for row in rows do", found: "ipairs: (.*)$", by: "$1", want: "a\n",
	},
	{
		hint: "write local … = require \"…\" first", script: "print(tables.sum({ 1, 2 }))",
		replace: "print", found: "write (.*) first", by: "$1\nprint", want: "3\n",
	},
	{
		hint: "tables have no methods: write table.…(the table, ...)", script: "local rows = {}\nrows:insert('x') print(#rows)",
		replace: "rows:insert(", found: `write (.*)the table, \.\.\.\)$`, by: "$1rows, ", want: "1\n",
	},
	{
		hint: "'…' has no value yet; a list begins with … = {}", script: "local rows\nprint(#rows)",
		replace: "\n", found: "begins with (.*)$", by: "\n$1\n", want: "0\n",
	},
	{
		hint: "…check for that first: if … then ... end", script: "local c = {}\nprint(c.renewalDate - 3)",
		replace: "print(c.renewalDate - 3)", found: `first: (.*) \.\.\. end$`, by: "$1 print(c.renewalDate - 3) end", want: "",
	},
	{
		hint: "…write (… or 0) where it may be missing, as an empty cell of a CSV file is", script: "local c = {}\nprint(c.mrr + 3)",
		replace: "c.mrr", found: `write (.*) where`, by: "$1", want: "3\n",
	},
	{
		hint: "texts are joined with ..; a text that holds a number becomes one with tonumber(text)", script: "local text = '4 '\nprint(text * 'x')",
		replace: "text * 'x'", found: `with (tonumber\(text\))$`, by: "$1 * 2", want: "8\n",
	},
	{
		hint: "dates are texts: time.diff(later, earlier, \"days\") counts the days between two, time.add(date, \"30d\") moves one", script: "local date = '2026-01-01'\nlocal c = { renewalDate = date }\nprint(c.renewalDate + 30)",
		replace: "c.renewalDate + 30", found: `two, (time.add\(.*\)) moves`, by: "$1", want: "2026-01-31\n",
	},
	{
		hint: "dates are texts: time.diff(later, earlier, \"days\") counts the days between two, time.add(date, \"30d\") moves one", script: "local later, earlier = '2026-01-31', '2026-01-01'\nlocal c = { renewalDate = later }\nprint(c.renewalDate - earlier)",
		replace: "c.renewalDate - earlier", found: `(time.diff\(.*\)) counts`, by: "$1", want: "30\n",
	},
	{
		hint: "one of the two is missing (nil): check for that first, or give it a value with (x or 0)", script: "local x\nprint(x < 3)",
		replace: "x < 3", found: `with (.*)$`, by: "$1 < 3", want: "true\n",
	},
	{
		hint: "a text is compared with a number here: turn it into one with tonumber(text); for columns of a CSV file, read it with the option numbers = { \"column\" }", script: "local text = '10'\nprint(text > 9)",
		replace: "text > 9", found: `with (tonumber\(text\));`, by: "$1 > 9", want: "true\n",
	},
	{
		hint:  "a text is compared with a number here: turn it into one with tonumber(text); for columns of a CSV file, read it with the option numbers = { \"column\" }",
		files: map[string]string{"a.csv": table}, script: "for _, row in ipairs(csv.read('a.csv')) do print(row.arr > 20) end",
		replace: "'a.csv'", found: `option (numbers = \{ ")column(" \})`, by: "'a.csv', { $1arr$2 }", want: "false\ntrue\n",
	},
	{
		hint: "time.now() is a number of seconds, dates are texts: compare a date with time.today()", script: "print('2020-01-01' < time.now())",
		replace: "time.now()", found: `with (.*)$`, by: "$1", want: "true\n",
	},
	{
		hint: "an iterator does not need ipairs and returns the record first: for record in ... do", script: "local function each() local n = 0 return function() n = n + 1 if n < 3 then return n end end end\nfor i, c in ipairs(each()) do print(c) end",
		replace: "for i, c in ipairs(each()) do print(c)", found: `(for record in) \.\.\. (do)$`, by: "$1 each() $2 print(record)", want: "1\n2\n",
	},
	{
		hint: "to write a single row, pass { row }", script: "local row = { id = 1 }\ncsv.write('out/a.csv', row)\nprint(fs.read('out/a.csv'))",
		replace: "'out/a.csv', row", found: `pass (.*)$`, by: "'out/a.csv', $1", want: "id\n1\n\n",
	},

	// Syntax.
	{
		hint: "write a list with braces: { 1, 2, 3 }", script: "local t = [1, 2, 3]\nprint(#t)",
		replace: "[1, 2, 3]", found: `braces: (.*)$`, by: "$1", want: "3\n",
	},
	{
		hint: "put options in braces: f{ name = value }; to compare, use ==", script: "print(#planhat.company.get_list(limit = 5))",
		replace: "(limit = 5)", found: `f(\{) name = value (\})`, by: "$1 limit = 5 $2", want: "0\n",
	},
	{
		hint: "to join a number and a text, put spaces around the dots: 1 .. \" item\"", script: "print(1..\" item\")",
		replace: "1..\" item\"", found: `dots: (.*)$`, by: "$1", want: "1 item\n",
	},
	{
		hint: "write a binary number as tonumber(\"1010\", 2)", script: "print(0b1010)",
		replace: "0b1010", found: `as (.*)$`, by: "$1", want: "10\n",
	},

	// check.
	{
		hint: "read the record that it is the id of: local … = … and planhat.….get_by_id(…)", check: true,
		script:  "local ada = planhat.user.create{ nickName = 'Ada', email = 'a@x.example', firstName = 'A', lastName = 'L' }\nplanhat.company.create{ name = 'A', owner = ada._id }\nfor c in planhat.company.each() do\n  print(c.owner.nickname)\nend",
		replace: "print(c.owner.nickname)", found: `of: (local (\w+) .*)$`, by: "$1 print($2 and $2.nickName)", want: "Ada\n",
	},
	{
		hint: "to get the days between two dates, write time.diff(…, …, \"days\")", check: true, script: "print(time.today() - time.today())",
		replace: "time.today() - time.today()", found: `write (.*)$`, by: "$1", want: "0\n",
	},
	{
		hint: "to move a date by days, write time.add(…, { days = … })", check: true, script: "print(time.add('2026-01-01', '0d') < time.today() + 30)",
		replace: "time.today() + 30", found: `write (.*)$`, by: "$1", want: "true\n",
	},
	{
		hint: "to move a date by days, write time.add(…, { days = -… })", check: true, script: "print(time.today() - 7 < time.today())",
		replace: "time.today() - 7", found: `write (.*)$`, by: "$1", want: "true\n",
	},
	{
		hint: "write type(…) … \"nil\", or … … nil", check: true, script: "local c = planhat.company.get_list()[1]\nif type(c) == nil then print('none') end",
		replace: "type(c) == nil", found: `or (.*)$`, by: "$1", want: "none\n",
	},
	{
		hint: "write type(…) … \"nil\", or … … nil", check: true, script: "local c = planhat.company.get_list()[1]\nif type(c) == nil then print('none') end",
		replace: "type(c) == nil", found: `write (.*), or`, by: "$1", want: "none\n",
	},
	{
		hint: "compare each value separately: ... or … == …", check: true, script: "for _, x in ipairs{ 'a', 'b', 'c' } do if x == 'a' or 'b' then print(x) end end",
		replace: "or 'b'", found: `\.\.\. (or .*)$`, by: "$1", want: "a\nb\n",
	},
	{
		hint: "join strings with two dots: … .. …", check: true, script: "local price = 3\nprint('total: ' + price)",
		replace: "'total: ' + price", found: `dots: (.*)$`, by: "$1", want: "total: 3\n",
	},
	{
		hint: "load it first: local … = require \"…\"", check: true, script: "print(tables.sum({ 1, 2 }))",
		replace: "print", found: `first: (.*)$`, by: "$1\nprint", want: "3\n",
	},
	{
		hint: "to test for an empty table, write next(t) == nil", check: true, script: "local t = {}\nif t == {} then print('empty') end",
		replace: "t == {}", found: `write (.*)$`, by: "$1", want: "empty\n",
	},
	{
		hint: "store it: local result = …", check: true, script: "planhat.company.get_list()\nprint('done')",
		replace: "planhat.company.get_list()", found: `it: (.*)$`, by: "$1 print(#result)", want: "0\ndone\n",
	},
	{
		hint: "add it: select = { … }", check: true, script: "planhat.company.create{ name = 'A', phase = 'p' }\nfor c in planhat.company.each{ select = { 'name' } } do print(c.phase) end",
		replace: "select = { 'name' }", found: `it: (.*)$`, by: "$1", want: "p\n",
	},
	{
		hint: "put a single record in a list: { { … = ... } }", check: true, script: "local r = planhat.company.bulk_upsert{ name = 'A', externalId = 'a' }\nprint(r.created)",
		replace: "{ name = 'A', externalId = 'a' }", found: `list: (\{ \{) .* = \.\.\. (\} \})$`, by: "$1 name = 'A', externalId = 'a' $2", want: "1\n",
	},
	{
		hint: "for … = 1, ... do", check: true, script: "local companies = planhat.company.get_list()\nfor i = 0, 1 do print(companies[i]) end",
		replace: "for i = 0, 1 do", found: `(for i = 1,) \.\.\. (do)`, by: "$1 1 $2", want: "nil\n",
	},
	{
		hint: "put your own fields in custom = { ... }", check: true, script: "planhat.company.create{ name = 'A', zzzzzz = 'gold' }\nfor c in planhat.company.each() do print(c.custom.zzzzzz) end",
		replace: "zzzzzz = 'gold'", found: `in (custom = \{) \.\.\. (\})$`, by: "$1 zzzzzz = 'gold' $2", want: "gold\n",
	},
}

// elsewhere are hints that another test follows.
var elsewhere = map[string]string{
	"…; for blanks after it, use { separator = …, trim = true }":                                                      "bindings/csvadvice_test.go",
	"if line … is the header, pass { skip = … }":                                                                      "bindings/csvadvice_test.go",
	"look at response.withheld before you read it; if the request changes nothing, send it with reads = true":         "runtime/http_test.go",
	"add http.stub{ method = …, url = …, json = {} } before the request":                                              "runtime/http_test.go",
	"set it before the run, for example: …=... phscript run ...":                                                      "runtime/internal/advice/forms_test.go",
	"list the folders with scheduled scripts: [serve] scripts = [\"jobs\"]":                                           "runtime/internal/advice/forms_test.go",
	"add it to the schedule, such as params = { … = … }":                                                              "tests/cli/declared.txtar",
	"pass { encoding = \"…\" }":                                                                                       "bindings/csvadvice_test.go",
	"'…' is nil because … at line … returned nothing for it; check for that first: if … then ... end":                 "runtime/nilhints_test.go",
	"loop over webhook.events(), because the webhook has the setting batch":                                           "bindings/webhook/webhook_test.go",
	"write listen = \"127.0.0.1:8628\" under [webhooks] in phscript.toml, or name its address with --url":             "tests/cli/hooks.txtar",
	"to serve the pages all the same, write them into phscript.toml: a line [dashboard], and below it listen = \"…\"": "tests/cli/access.txtar",
	"…; write … = … or {} before this line":                                                                           "runtime/nilhints_test.go",
	"…; where it may be missing, write (… or {})…":                                                                    "runtime/nilhints_test.go",
}
