package advice

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// account is a schema with a custom field whose values are days.
const account = `{
"format": "phscript schema 1",
"tenant": {"host":"https://api.planhat.com","first_user":""},
"custom_fields": [
  {"model":"company","name":"Renewal","type":"day"}
],
"phases": [],
"users": [],
"workflows": []
}
`

// forms are trials of hints that show a form of the language or of a setting, and leave
// open what to fill in.
var forms = []advised{
	{
		hint: "declare a custom model in phscript.toml as [[model]], or give its path, such as { path = \"/contracts\" }", check: true,
		script:  "local contract = planhat.model('contract')\nprint(type(contract.get_list))",
		replace: "'contract'", found: `such as (.*)$`, by: "'contract', $1", want: "function\n",
	},
	// Blocks and statements.
	{hint: "blocks are written … ... … ... end", script: "local x = 2\nif x > 1", replace: "if x > 1", found: `written (if) \.\.\. (then) \.\.\. (end)$`, by: "$1 x > 1 $2 print(x) $3", want: "2\n"},
	{hint: "write a block as … ... end, without braces", script: "for i = 1, 2 do {\n  print(i)\n}", replace: "do {\n  print(i)\n}", found: `as (do) \.\.\. (end), without braces$`, by: "$1\n  print(i)\n$2", want: "1\n2\n"},
	{hint: "write the block as … ... end, without …", script: "local x = 2\nif x > 1 {\n  print(x)\n}", replace: "{\n  print(x)\n}", found: `as (then) \.\.\. (end), without {$`, by: "$1\n  print(x)\n$2", want: "2\n"},
	{hint: "write the block as … ... end, without …", script: "local x = 2\nwhile x > 1:\n  x = x - 1\n  print(x)", replace: ":\n  x = x - 1\n  print(x)", found: `as (do) \.\.\. (end), without :$`, by: " $1\n  x = x - 1\n  print(x)\n$2", want: "1\n"},
	{hint: "write this block as repeat ... until, without braces", script: "local x = 0\nrepeat { x = x + 1 } until x == 3\nprint(x)", replace: "repeat { x = x + 1 } until", found: `as (repeat) \.\.\. (until), without braces$`, by: "$1 x = x + 1 $2", want: "3\n"},
	{hint: "write the head of a loop without parentheses: for i = 1, 10 do, or for _, item in ipairs(list) do", script: "for (i = 1, 3) do print(i) end", replace: "for (i = 1, 3) do", found: `: (for i = 1,) 10 (do),`, by: "$1 3 $2", want: "1\n2\n3\n"},
	{hint: "write the head of a loop without parentheses: for i = 1, 10 do, or for _, item in ipairs(list) do", script: "local list = { 'a', 'b' }\nfor (item in list) do print(item) end", replace: "for (item in list) do", found: `or (for _, .* do)$`, by: "$1", want: "a\nb\n"},
	{hint: "loop over a list with for _, … in ipairs(…) do", script: "local names = { 'a', 'b' }\nfor each name in names do print(name) end", replace: "for each name in names do", found: `with (for .* do)$`, by: "$1", want: "a\nb\n"},
	{hint: "call it with parentheses: …(…)", script: "local n = 0\nlocal t = { add = function(x) n = n + x end }\nt.add 5\nprint(n)", replace: "t.add 5", found: `: (.*)$`, by: "$1", want: "5\n"},
	{hint: "call it with parentheses: …(…)", script: "local t = { hi = function() print('hi') end }\nt.hi\nprint('done')", replace: "t.hi\n", found: `: (.*\()\.\.\.(\))$`, by: "$1$2\n", want: "hi\ndone\n"},
	{hint: "write a field as … = … or …", script: "local t = { \"limit\" = 5 }\nprint(t.limit)", replace: "\"limit\" = 5", found: `as (.*) or`, by: "$1", want: "5\n"},
	{hint: "write a field as … = … or …", script: "local t = { \"limit\" = 5 }\nprint(t.limit)", replace: "\"limit\" = 5", found: ` or (.*)$`, by: "$1", want: "5\n"},

	{hint: "a long string ends with ]], with as many = between the brackets as at its start", script: "local s = [==[ab]]\nprint(s)", replace: "ab]]", found: `ends with (\])(\]),`, by: "ab$1==$2", want: "ab\n"},
	{hint: "a long comment ends with ]], with as many = between the brackets as at its start", script: "--[[ a note\nprint(1)", replace: "a note", found: `ends with (\]\]),`, by: "a note $1", want: "1\n"},

	// Habits.
	{hint: "text goes between quotes; join values into it with .. or string.format", script: "local x = 3\nprint(`x is ${x}`)", replace: "`x is ${x}`", found: `with (\.\.) or`, by: "'x is ' $1 x", want: "x is 3\n"},
	{hint: "text goes between quotes; join values into it with .. or string.format", script: "local x = 3\nprint(`x is ${x}`)", replace: "`x is ${x}`", found: `or (string\.format)$`, by: "$1('x is %s', x)", want: "x is 3\n"},
	{hint: "a function is written function name(x) ... end", script: "def twice(x)\n  return 2 * x\nend\nprint(twice(2))", replace: "def twice(x)", found: `written (function) name(\(x\)) \.\.\. end$`, by: "$1 twice$2", want: "4\n"},
	{
		hint: "errors are caught with local ok, err = pcall(function() ... end); then check ok: if not ok then ... end", script: "try {\n  local t = 1 + nil\n} catch (e) {\n  print('caught')\n}",
		replace: "try {\n  local t = 1 + nil\n} catch (e) {\n  print('caught')\n}", found: `with (local ok, .*\(\)) \.\.\. (end\)); .* (if not ok then) \.\.\. (end)$`, by: "$1\n  local t = 1 + nil\n$2\n$3\n  print('caught')\n$4", want: "caught\n",
	},
	{
		hint: "a choice among several is written if ... then ... elseif ... then ... else ... end", script: "local x = 2\nswitch (x) {\n  case 1: print('one')\n  case 2: print('two')\n  default: print('many')\n}",
		replace: "switch (x) {\n  case 1: print('one')\n  case 2: print('two')\n  default: print('many')\n}", found: `written (if) \.\.\. (then) \.\.\. (elseif) \.\.\. (then) \.\.\. (else) \.\.\. (end)$`, by: "$1 x == 1 $2 print('one') $3 x == 2 $4 print('two') $5 print('many') $6", want: "two\n",
	},
	{hint: "a choice is written if condition then x = a else x = b end", script: "local on = false\nlocal x = true ? on : 5\nprint(x)", replace: "local x = true ? on : 5", found: `written (if) condition (then x =) a (else x =) b (end)$`, by: "local x $1 true $2 on $3 5 $4", want: "false\n"},
	{hint: "put the rest of the loop's body into an if ... end", script: "for i = 1, 3 do\n  if i == 2 then goto continue end\n  print(i)\n  ::continue::\nend", replace: "if i == 2 then goto continue end\n  print(i)\n  ::continue::", found: `into an (if) \.\.\. (end)$`, by: "$1 i ~= 2 then print(i) $2", want: "1\n3\n"},
	{hint: "remove it: local … = ...", script: "local limit <const> = 5\nprint(limit)", replace: "local limit <const> = 5", found: `(local limit) (=) \.\.\.$`, by: "$1 $2 5", want: "5\n"},
	{hint: "Lua has no continue; put the rest of the loop's body into an if ... end", script: "for i = 1, 3 do\n  if i == 2 then continue end\n  print(i)\nend", replace: "if i == 2 then continue end\n  print(i)", found: `into an (if) \.\.\. (end)$`, by: "$1 i ~= 2 then print(i) $2", want: "1\n3\n"},
	{hint: "print(...) shows a line, log.info(...) writes a message to the log", script: "console.log('a')", replace: "console.log('a')", found: `^(print\()\.\.\.(\))`, by: "$1'a'$2", want: "a\n"},
	{hint: "log.warn(...) writes a warning", script: "warn('careful')", replace: "warn('careful')", found: `^(log\.warn\()\.\.\.(\))`, by: "$1'careful'$2", want: "09:00:00 WRN careful\n"},
	{hint: "files are read with fs.read(name) and csv.rows(name)", files: map[string]string{"a.txt": "text"}, script: "local name = 'a.txt'\nprint(open(name))", replace: "open(name)", found: `with (fs\.read\(name\))`, by: "$1", want: "text\n"},
	{hint: "files are read with fs.read(name) and csv.rows(name)", files: map[string]string{"a.csv": table}, script: "local name = 'a.csv'\nfor row in open(name) do print(row.arr) end", replace: "open(name)", found: `and (csv\.rows\(name\))$`, by: "$1", want: "12\n30\n"},

	// check.
	{hint: "to compare them as numbers, convert the string with tonumber(...)", check: true, script: "local id, text = 7, '007'\nif id == '007' then print('same') end\nprint(text)", replace: "'007' then", found: `with (tonumber\()\.\.\.(\))$`, by: "$1'007'$2 then", want: "same\n007\n"},
	{hint: "to count fields, use a loop: local count = 0; for _ in pairs(…) do count = count + 1 end", check: true, script: "local t = { a = 1, b = 2 }\nprint(#t)", replace: "print(#t)", found: `loop: (.*)$`, by: "$1 print(count)", want: "2\n"},
	{hint: "for … in pairs(…) do", check: true, script: "local t = { a = 1 }\nfor value in t do print(value) end", replace: "for value in t do", found: `(for .* do)$`, by: "$1", want: "1\n"},
	{hint: "for … in pairs(…) do", check: true, script: "local t = { a = 1 }\nfor name, n in t do print(name, n) end", replace: "for name, n in t do", found: `(for .* do)$`, by: "$1", want: "a\t1\n"},
	{hint: "for … in pairs(…) do", check: true, script: "local t = { a = 1 }\nfor _, value in ipairs(t) do print(value) end", replace: "for _, value in ipairs(t) do", found: `(for .* do)$`, by: "$1", want: "1\n"},
	{hint: "use one of its fields, or show the whole table with inspect(…)", check: true, script: "local t = { a = 1 }\nprint('t: ' .. t)", replace: ".. t", found: `with (inspect\(t\))$`, by: ".. $1", want: "t: { a = 1 }\n"},
	{hint: "use one of its fields, or show the whole table with inspect(…)", check: true, script: "local t = { a = 1 }\nprint('t: ' .. t)", replace: ".. t", found: `^use one`, by: ".. t.a", want: "t: 1\n"},
	{hint: "remove ... from the parameters", check: true, script: "local function show(x, ...) print(x) end\nshow(1)", replace: ", ...", found: `^remove`, by: "", want: "1\n"},
	{hint: "define and call it with a dot instead of the colon: function object.name() ... end", check: true, script: "local object = {}\nfunction object:name() print('hi') end\nobject:name()", replace: "function object:name() print('hi') end\nobject:name()", found: `: (function object\.name\(\)) \.\.\. (end)$`, by: "$1 print('hi') $2\nobject.name()", want: "hi\n"},

	// Files, dates and settings.
	{
		hint:   "a text is not a list; if commas separate its items, write local text = require \"text\", then for _, … in ipairs(text.split(…, \",\")) do",
		script: "for _, region in ipairs(params.regions) do print(region) end", args: []string{"run", "--quiet", "--simulate", "--param", "regions=eu,us", "main.lua"},
		replace: "for _, region in ipairs(params.regions) do", found: `write (local text = .*), then (for .* do)$`, by: "$1 $2", want: "eu\nus\n",
	},
	{hint: "use the names of columns as keys: { […] = … }", script: "csv.write('out/a.csv', { { id = 1, mrr = 2 } }, { titles = { ['MRR in EUR'] = 'mrr' } })\nprint(fs.read('out/a.csv'))", replace: "{ ['MRR in EUR'] = 'mrr' }", found: `keys: (\{.*\})$`, by: "$1", want: "id,MRR in EUR\n1,2\n\n"},
	{hint: "use the names of columns as keys: { […] = … }", script: "csv.write('out/a.csv', { { id = 1, mrr = 2 } }, { titles = { mmr = 'MRR in EUR' } })\nprint(fs.read('out/a.csv'))", replace: "{ mmr = 'MRR in EUR' }", found: `keys: (\{.*\})$`, by: "$1", want: "id,MRR in EUR\n1,2\n\n"},
	{hint: "look at the file: it may be a message instead of rows. If it is a header without rows, confirm it with { required = { … } }", files: map[string]string{"a.csv": "Account name\n"}, script: "print(#csv.read('a.csv'))", replace: "'a.csv'", found: `confirm it with (.*)$`, by: "'a.csv', $1", want: "0\n"},
	{hint: "pass the zone's full name, such as { zone = \"Europe/Stockholm\" }", script: "print(time.format(time.parse('2024-07-15 10:00 CEST', { format = '%Y-%m-%d %H:%M %Z' }), 'iso'))", replace: "format = '%Y-%m-%d %H:%M %Z' }", found: `such as \{ (zone = .*) \}$`, by: "format = '%Y-%m-%d %H:%M %Z', $1 }", want: "2024-07-15T08:00:00Z\n"},
	{hint: "name all columns yourself, in the order of the file: { columns = { \"...\", \"...\" } }", files: map[string]string{"a.csv": "id,name,name\n1,A,B\n"}, script: "for _, r in ipairs(csv.read('a.csv', { repeated = 'error', columns = { id = 'key' } })) do print(r.key, r.first, r.last) end", replace: "columns = { id = 'key' }", found: `: \{ (columns = \{ ")\.\.\.(", ")\.\.\.(" \}) \}$`, by: "$1key$2first\", \"last$3", want: "1\tA\tB\n"},
	{hint: "compare the names with the file, or skip the lines above the header with { skip = ... }", files: map[string]string{"a.csv": "Report\n\nid,name\n1,A\n"}, script: "for _, r in ipairs(csv.read('a.csv', { header = { 'Id', 'name' } })) do print(r.id) end", replace: "header = { 'Id', 'name' }", found: `with \{ (skip = )\.\.\. \}$`, by: "$1 2", want: "1\n"},
	{hint: "to convert seconds to a date, use time.format(t, \"date\")", script: "local t = 1705312800\nprint(time.from_epoch_days(t))", replace: "time.from_epoch_days(t)", found: `use (.*)$`, by: "$1", want: "2024-01-15\n"},
	{
		hint:  "give it one, such as name = \"nightly-import\"",
		files: map[string]string{"phscript.toml": "[[schedule]]\nscript = \"main.lua\"\ncron = \"0 2 * * *\"\n"}, script: "print(1)", in: "phscript.toml", args: []string{"serve", "--check", "--simulate"},
		replace: "[[schedule]]\n", found: `such as (.*)$`, by: "[[schedule]]\n$1\n",
		want: "NAME            SCRIPT    WHEN       NEXT                      FROM\nnightly-import  main.lua  0 2 * * *  Fri 2026-01-16 02:00 UTC  phscript.toml\n",
	},
	{
		hint:  "name the file to run: script = \"sync.lua\"",
		files: map[string]string{"phscript.toml": "[[schedule]]\nname = \"a\"\ncron = \"0 2 * * *\"\n", "sync.lua": ""}, in: "phscript.toml", args: []string{"serve", "--check", "--simulate"},
		replace: "cron", found: `run: (.*)$`, by: "$1\ncron",
		want: "NAME  SCRIPT    WHEN       NEXT                      FROM\na     sync.lua  0 2 * * *  Fri 2026-01-16 02:00 UTC  phscript.toml\n",
	},
	{
		hint:  "say when it is due: cron = \"0 2 * * *\" or every = \"15m\"",
		files: map[string]string{"phscript.toml": "[[schedule]]\nname = \"a\"\nscript = \"main.lua\"\n"}, in: "phscript.toml", args: []string{"serve", "--check", "--simulate"},
		replace: "script", found: `due: (.*) or`, by: "$1\nscript",
		want: "NAME  SCRIPT    WHEN       NEXT                      FROM\na     main.lua  0 2 * * *  Fri 2026-01-16 02:00 UTC  phscript.toml\n",
	},
	{
		hint:  "say when it is due: cron = \"0 2 * * *\" or every = \"15m\"",
		files: map[string]string{"phscript.toml": "[[schedule]]\nname = \"a\"\nscript = \"main.lua\"\n"}, in: "phscript.toml", args: []string{"serve", "--check", "--simulate"},
		replace: "script", found: ` or (.*)$`, by: "$1\nscript",
		want: "NAME  SCRIPT    WHEN       NEXT                      FROM\na     main.lua  every 15m  Thu 2026-01-15 09:15 UTC  phscript.toml\n",
	},
	{
		hint:  "name one for this schedule, such as profile = \"sandbox\", or start the service with --profile NAME",
		files: map[string]string{"token": "a-token\n", "phscript.toml": "[profile.sandbox]\ntoken_file = \"token\"\n[profile.production]\ntoken_env = \"PRODUCTION\"\n[[schedule]]\nname = \"a\"\nscript = \"main.lua\"\ncron = \"0 2 * * *\"\n"}, in: "phscript.toml", args: []string{"serve", "--check"},
		replace: "script", found: `such as (.*), or`, by: "$1\nscript",
		want: "NAME  SCRIPT    WHEN       NEXT                      FROM\na     main.lua  0 2 * * *  Fri 2026-01-16 02:00 UTC  phscript.toml\n",
	},
	{
		hint: "convert it with time.epoch_days(...); in import, use type = \"days\"", check: true, files: map[string]string{"planhat.schema.json": account},
		script:  "local r = planhat.company.bulk_upsert{ { externalId = 'a', name = 'A', custom = { Renewal = '2026-01-31' } } }\nprint(r.created)",
		replace: "'2026-01-31'", found: `with (time\.epoch_days\()\.\.\.(\));`, by: "$1'2026-01-31'$2", want: "1\n",
	},
	{
		hint: "give the column type = …", check: true, files: map[string]string{"planhat.schema.json": account, "a.csv": "ID,N,R\na,A,2026-01-31\n"},
		script:  "planhat.company.import{ from = 'a.csv', key = 'externalId', columns = { ID = 'externalId', N = 'name', R = { property = 'custom.Renewal' } } }\nfor c in planhat.company.each() do print(c.custom.Renewal) end",
		replace: "'custom.Renewal' }", found: `give the column (.*)$`, by: "'custom.Renewal', $1 }", want: "20484\n09:00:00 INF a.csv: 1 row read\n",
	},
	{
		hint: "give the column type = …", check: true, files: map[string]string{"planhat.schema.json": account, "a.csv": "ID,N,R\na,A,2026-01-31\n"},
		script:  "planhat.company.import{ from = 'a.csv', key = 'externalId', columns = { ID = 'externalId', N = 'name', R = { property = 'custom.Renewal', type = 'date' } } }\nfor c in planhat.company.each() do print(c.custom.Renewal) end",
		replace: "type = 'date'", found: `give the column (.*)$`, by: "$1", want: "20484\n09:00:00 INF a.csv: 1 row read\n",
	},
	{
		hint:  "say what the value should be: expect(value).to_equal(3)",
		files: map[string]string{"a_test.lua": "it('adds', function() local value = 1 + 2 expect(value) end)\n"}, in: "a_test.lua", args: []string{"test", "a_test.lua"},
		replace: "expect(value)", found: `be: (.*)$`, by: "$1", want: "✓ a_test.lua  1 passed (0 ms)\n\n1 passed in 0 ms\n",
	},
	{
		hint:  "write a test like it(\"adds numbers\", function() expect(1 + 1).to_equal(2) end)",
		files: map[string]string{"a_test.lua": "print('no test')\n"}, in: "a_test.lua", args: []string{"test", "a_test.lua"},
		replace: "print('no test')", found: `like (.*)$`, by: "$1", want: "✓ a_test.lua  1 passed (0 ms)\n\n1 passed in 0 ms\n",
	},
}

// TestEnvironmentHint sets the variable that a script requires.
func TestEnvironmentHint(t *testing.T) {
	r := trial.New(t, map[string]string{"main.lua": "print(env.require('SEGMENT'))\n"})
	args := []string{"run", "--quiet", "--simulate", "--allow-env=SEGMENT", "main.lua"}
	assert.Contains(t, program(r, args...), "hint: set it before the run, for example: SEGMENT=... phscript run ...\n")
	r.Variables["SEGMENT"] = "enterprise"
	assert.Equal(t, "enterprise\n", program(r, args...))
}

// TestManyScriptsHint names the folder of the scheduled scripts.
func TestManyScriptsHint(t *testing.T) {
	files := map[string]string{"jobs/a.lua": "-- @schedule \"0 2 * * *\" name=a\n"}
	for i := range 5000 {
		files[fmt.Sprintf("other/%d.lua", i)] = ""
	}
	r := trial.New(t, files)
	out := program(r, "serve", "--check", "--simulate")
	m := regexp.MustCompile(`hint: list the folders with scheduled scripts: (\[serve\]) (scripts = \["jobs"\])\n`).FindStringSubmatch(out)
	require.NotNil(t, m, out)
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "phscript.toml"), []byte(m[1]+"\n"+m[2]+"\n"), 0o600))
	assert.Contains(t, program(r, "serve", "--check", "--simulate"), "jobs/a.lua")
}
