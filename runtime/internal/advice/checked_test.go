package advice

const accounts = "name,seats,active,since\nAcme,12,true,2020-01-01\nBolt,3,false,2030-01-01\n"

// checked are hints of the check about cells, values that may be nil, patterns, secrets
// and lists.
var checked = []advised{
	// Cells.
	{
		hint: "let the module convert the column: { numbers = { … } }", check: true, files: map[string]string{"a.csv": accounts},
		script:  "for _, row in ipairs(csv.read('a.csv')) do if row.seats > 5 then print(row.name) end end",
		replace: "'a.csv'", found: `column: (.*)$`, by: "'a.csv', $1", want: "Acme\n",
	},
	{
		hint: "let the module convert the column: { numbers = { … } }", check: true, files: map[string]string{"a.csv": accounts},
		script:  "for _, row in ipairs(csv.read('a.csv')) do if row.seats == 3 then print(row.name) end end",
		replace: "'a.csv'", found: `column: (.*)$`, by: "'a.csv', $1", want: "Bolt\n",
	},
	{
		hint: "let the module convert the column: { numbers = { … } }", check: true, files: map[string]string{"a.csv": accounts},
		script:  "local total = 0\nfor row in csv.rows('a.csv') do total = total + row.seats end\nprint(total)",
		replace: "'a.csv'", found: `column: (.*); an empty`, by: "'a.csv', $1", want: "15\n",
	},
	{
		hint: "let the module convert the column: { types = { […] = \"boolean\" } }", check: true, files: map[string]string{"a.csv": accounts},
		script:  "for _, row in ipairs(csv.read('a.csv')) do if row.active == true then print(row.name) end end",
		replace: "'a.csv'", found: `column: (.*)$`, by: "'a.csv', $1", want: "Acme\n",
	},
	{
		hint: "compare times as numbers: time.parse(…)", check: true, files: map[string]string{"a.csv": accounts},
		script:  "for _, row in ipairs(csv.read('a.csv')) do if row.since < time.now() then print(row.name) end end",
		replace: "row.since <", found: `numbers: (.*)$`, by: "$1 <", want: "Acme\n",
	},
	{
		hint: "write money.parse(…, { decimal = \".\" }), or with \",\" if that is the decimal sign", check: true,
		script:  "local seats = tonumber('1,200')\nprint(seats)",
		replace: "tonumber('1,200')", found: `write (.*), or with`, by: "$1", want: "1200\n",
	},
	{
		hint: "write money.parse(…, { decimal = \".\" }), or with \",\" if that is the decimal sign", check: true,
		script:  "local mrr = tonumber('1.200,50')\nprint(mrr)",
		replace: "tonumber('1.200,50')", found: `write (.* = )"\."( \}\)), or with (",")`, by: "$1$3$2", want: "1200.5\n",
	},

	// What may be nil.
	{
		hint: "store it in a local and test it first: if value then ... end", check: true,
		script:  "local address = args[1] or 'kim@csm.example'\nprint(address:match('@(.+)$'):upper())",
		replace: "print(address:match('@(.+)$'):upper())", found: `first: (if (value) then) \.\.\. (end)$`, by: "local $2 = address:match('@(.+)$')\n$1 print($2:upper()) $3", want: "CSM.EXAMPLE\n",
	},
	{
		hint: "test it first: if … then ... end", check: true,
		script:  "local host = (args[1] or 'kim'):match('@(.+)$')\nprint(host:upper())",
		replace: "print(host:upper())", found: `first: (if .* then) \.\.\. (end)$`, by: "$1 print(host:upper()) $2", want: "",
	},
	{
		hint: "pass it, or begin the function with … = … or ...", check: true,
		script:  "local function report(name, options)\n  print(name, options.title)\nend\nreport('a', { title = 'A' })\nreport('b')",
		replace: "report('b')", found: `^pass it`, by: "report('b', { title = 'B' })", want: "a\tA\nb\tB\n",
	},
	{
		hint: "pass it, or begin the function with … = … or ...", check: true,
		script:  "local function report(name, options)\n  print(name, options.title)\nend\nreport('a', { title = 'A' })\nreport('b')",
		replace: "options)\n", found: `with (.* or) \.\.\.$`, by: "options)\n  $1 {}\n", want: "a\tA\nb\tnil\n",
	},

	{
		hint: "write … = {} before its first field is set", check: true, script: "local M\nfunction M.greet() return 'hi' end\nprint('done')",
		replace: "local M\n", found: `write (.*) before`, by: "local M\n$1\n", want: "done\n",
	},

	// Patterns.
	{
		hint: "try one pattern after another: s:match(first) or s:match(second)", check: true,
		script:  "local s = args[1] or 'a won deal'\nprint(s:match('(open|won)'))",
		replace: "s:match('(open|won)')", found: `: (s:match\()first(\) or s:match\()second(\))$`, by: "$1'open'$2'won'$3", want: "won\n",
	},
	{
		hint: "to test whether one of them matches, write s:find(first) or s:find(second)", check: true,
		script:  "local s = args[1] or 'a won deal'\nif s:find('(open|won)') then print('yes') end",
		replace: "s:find('(open|won)')", found: `write (s:find\()first(\) or s:find\()second(\))$`, by: "$1'open'$2'won'$3", want: "yes\n",
	},
	{
		hint: "replace one pattern after another: (s:gsub(first, new):gsub(second, new))", check: true,
		script:  "local s = args[1] or 'Acme Inc, Bolt Ltd'\nprint((s:gsub(' (Inc|Ltd)', '')))",
		replace: "(s:gsub(' (Inc|Ltd)', ''))", found: `: (\(s:gsub\()first, new(\):gsub\()second, new(\)\))$`, by: "$1' Inc', ''$2' Ltd', ''$3", want: "Acme, Bolt\n",
	},
	{
		hint: ", or s:find(…, 1, true)", check: true,
		script:  "local s = args[1] or 'a follow-up call'\nif s:find('follow-up') then print('yes') end",
		replace: "s:find('follow-up')", found: `, or (s:find.*)$`, by: "$1", want: "yes\n",
	},
	{
		hint: ", or s:find(…, 1, true)", check: true,
		script:  "local s = args[1] or 'a follow-up call'\nif s:find('follow-up') then print('yes') end",
		replace: "'follow-up'", found: `write (".*"), or`, by: "$1", want: "yes\n",
	},
	{
		hint: "to split at white space, loop over s:gmatch(\"%S+\")", check: true,
		script:  "local text = require 'text'\nlocal s = 'a  b'\nfor _, word in ipairs(text.split(s, '%s')) do print(word) end",
		replace: "_, word in ipairs(text.split(s, '%s'))", found: `over (.*)$`, by: "word in $1", want: "a\nb\n",
	},
	{
		hint: "to replace what a pattern matches, use (s:gsub(pattern, new))", check: true,
		script:  "local text = require 'text'\nlocal s = 'a  b'\nprint(text.replace(s, '%s+', '_'))",
		replace: "text.replace(s, '%s+', '_')", found: `use (.*)pattern, new(.*)$`, by: "$1'%s+', '_'$2", want: "a_b\n",
	},

	// Secrets.
	{
		hint: "read it from an environment variable: …env.require(…)…; if others have seen it, replace it with a new one", check: true, variables: secrets,
		files:   allowed,
		script:  "local api_token = 'q7Zk3Vb9Lm2Xc8Rt5Yw1Hs6J'\nprint(#api_token)",
		replace: "'q7Zk3Vb9Lm2Xc8Rt5Yw1Hs6J'", found: `variable: (.*); if`, by: "$1", want: "5\n",
	},
	{
		hint: "read it from an environment variable: …env.require(…)…; if others have seen it, replace it with a new one", check: true, variables: secrets,
		files:   allowed,
		script:  "local headers = { Authorization = 'Bearer q7Zk3Vb9Lm2Xc8Rt5Yw1' }\nprint(#headers.Authorization)",
		replace: "'Bearer q7Zk3Vb9Lm2Xc8Rt5Yw1'", found: `variable: (.*); if`, by: "$1", want: "12\n",
	},
	{
		hint: "read it from an environment variable: …env.require(…)…; if others have seen it, replace it with a new one", check: true, variables: secrets,
		files:   allowed,
		script:  "local url = 'https://app:hunter2@api.example.com/'\nprint(#url)",
		replace: "'https://app:hunter2@api.example.com/'", found: `variable: (.*); if`, by: "$1", want: "34\n",
	},
	{
		hint: "read it from an environment variable: …env.require(…)…; if others have seen it, replace it with a new one", check: true, variables: secrets,
		files:   allowed,
		script:  "local where = 'https://hooks.slack.com/services/TQ7ZK3/BVB9LM/q7Zk3Vb9Lm2Xc8Rt'\nprint(where)",
		replace: "'https://hooks.slack.com/services/TQ7ZK3/BVB9LM/q7Zk3Vb9Lm2Xc8Rt'", found: `variable: (.*); if`, by: "$1", want: "https://hooks.example\n",
	},

	// Records.
	{
		hint: "use the id of the record with that address: planhat.….get_list{ email = … }[1]._id", check: true,
		script:  "local ada = planhat.user.create{ nickName = 'Ada', email = 'ada@x.example', firstName = 'A', lastName = 'L' }\nplanhat.company.create{ name = 'A', owner = 'ada@x.example' }\nprint(planhat.company.get_list()[1].owner == ada._id)",
		replace: "owner = 'ada@x.example'", found: `address: (.*)$`, by: "owner = $1", want: "true\n",
	},
	{
		hint: "pass the list of its values: require(\"tables\").values(…)", check: true,
		files:   map[string]string{"a.csv": accounts},
		script:  "local by_id = {}\nfor row in csv.rows('a.csv') do by_id[row.name] = { externalId = row.name, name = row.name } end\nprint(planhat.company.bulk_upsert(by_id).created)",
		replace: "(by_id)", found: `values: (.*)$`, by: "($1)", want: "2\n",
	},
	{
		hint: "read the company first: planhat.company.get_by_id(…)._id", check: true,
		script:  "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nplanhat.enduser.bulk_upsert({ { email = 'k@x.example', companyId = planhat.extid('company-1') } }, { strict = true })\nprint(#planhat.enduser.get_list{ companyId = 'extid-company-1' })",
		replace: "companyId = 'extid-company-1'", found: `first: (.*)$`, by: "companyId = $1", want: "1\n",
	},
}

// allowed lets scripts read the variables of secrets.
var (
	allowed = map[string]string{"phscript.toml": "allow_env = [\"API_TOKEN\", \"PASSWORD\", \"SLACK_WEBHOOK\"]\n"}
	secrets = map[string]string{"API_TOKEN": "short", "PASSWORD": "short", "SLACK_WEBHOOK": "https://hooks.example"}
)
