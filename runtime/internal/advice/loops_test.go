package advice

// loops are hints of the check about conditions, loops and calls that other languages do
// otherwise.
var loops = []advised{
	{
		hint: "for … = …, #… do", check: true, script: "local rows = {}\nrows[#rows + 1] = 'a'\nfor i = 1, rows do print(rows[i]) end",
		replace: "for i = 1, rows do", found: `^(for .* do)$`, by: "$1", want: "a\n",
	},
	{
		hint: "write …[#… + 1] = ...", check: true, script: "local rows = {}\nfor i = 1, 2 do rows[#rows] = i end\nprint(#rows)",
		replace: "rows[#rows] =", found: `write (.*) = \.\.\.$`, by: "$1 =", want: "2\n",
	},
	{
		hint: "write … ~= …", check: true, script: "local a, b = args[1], 'y'\nif not a == b then print('differ') end",
		replace: "not a == b", found: `write (.*)$`, by: "$1", want: "differ\n",
	},
	{
		hint: "write not (… … …)", check: true, script: "local n = 3\nif not n > 5 then print('small') end",
		replace: "not n > 5", found: `write (.*)$`, by: "$1", want: "small\n",
	},
	{
		hint: "use string.format(…)", check: true, script: "print('%d rows', 3)",
		replace: "'%d rows', 3", found: `use (.*)$`, by: "$1", want: "3 rows\n",
	},
	{
		hint: "write %s, and convert the value with tostring(...)", check: true, script: "print(string.format('%v', true))",
		replace: "'%v', true", found: `write (%s), .* (tostring\()\.\.\.\)$`, by: "'$1', $2true)", want: "true\n",
	},
	{
		hint: "write string.format(…, …)", check: true, script: "print(string.format(3, '%d'))",
		replace: "string.format(3, '%d')", found: `write (.*)$`, by: "$1", want: "3\n",
	},
	{
		hint: "write tostring(…)", check: true, script: "print(string.format('%s', 1 > 2))",
		replace: "1 > 2", found: `write (.*)$`, by: "$1", want: "false\n",
	},
	{
		hint: "use one of its fields, or write inspect(…)", check: true, script: "local t = { 1 }\nprint(string.format('%s', t))",
		replace: ", t))", found: `write (.*)$`, by: ", $1))", want: "{ 1 }\n",
	},
	{
		hint: "read all records once before the loop: local by_… = require(\"tables\").index_by(….get_list(), \"…\"); here, write by_…[…]", check: true, files: map[string]string{"a.csv": "email\nk@x.example\n"}, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nplanhat.enduser.bulk_upsert({ { email = 'k@x.example', companyId = planhat.extid('company-1') } }, { strict = true })\nfor _, row in ipairs(csv.read('a.csv')) do\n  local found = planhat.enduser.get_list{ email = row.email, limit = 1 }[1]\n  print(found ~= nil)\nend",
		replace: "for _, row in ipairs(csv.read('a.csv')) do\n  local found = planhat.enduser.get_list{ email = row.email, limit = 1 }[1]", found: `loop: (.*); here, write (.*)$`, by: "$1\nfor _, row in ipairs(csv.read('a.csv')) do\n  local found = $2", want: "true\n",
	},
	{
		hint: "read all records once before the loop: local by_… = require(\"tables\").group_by(….get_list(), \"…\"); here, write by_…[…] or {}", check: true, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nplanhat.enduser.bulk_upsert({ { email = 'k@x.example', companyId = planhat.extid('company-1') } }, { strict = true })\nlocal n = 0\nfor c in planhat.company.each() do\n  n = n + #planhat.enduser.get_list{ companyId = c._id }\nend\nprint(n > 0)",
		replace: "for c in planhat.company.each() do\n  n = n + #planhat.enduser.get_list{ companyId = c._id }", found: `loop: (.*); here, write (.*)$`, by: "$1\nfor c in planhat.company.each() do\n  n = n + #($2)", want: "true\n",
	},
	{
		hint: "loop over ….each(), whose records have all properties", check: true, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nlocal n = 0\nfor _, c in ipairs(planhat.company.get_lean_list()) do\n  local full = planhat.company.get_by_id(c._id)\n  if full.name then n = n + 1 end\nend\nprint(n > 0)",
		replace: "for _, c in ipairs(planhat.company.get_lean_list()) do\n  local full = planhat.company.get_by_id(c._id)", found: `over (.*), whose`, by: "for full in $1 do", want: "true\n",
	},
	{
		hint: "read all records once before the loop and look them up in a table: local by_id = require(\"tables\").index_by(….get_list(), \"_id\")", check: true, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nplanhat.license.bulk_upsert({ { externalId = 'l', companyId = planhat.extid('company-1'), value = 5, _currency = 'USD', fromDate = '2026-01-01' } }, { strict = true })\nlocal n = 0\nfor license in planhat.license.each() do\n  local id = license.companyId\n  local c = planhat.company.get_by_id(id)\n  if c.name then n = n + 1 end\nend\nprint(n > 0)",
		replace: "for license in planhat.license.each() do\n  local id = license.companyId\n  local c = planhat.company.get_by_id(id)", found: `table: (.*)$`, by: "$1\nfor license in planhat.license.each() do\n  local id = license.companyId\n  local c = by_id[id]", want: "true\n",
	},
	{
		hint: "read all records once before the loop: local by_id = require(\"tables\").index_by(….get_list(), \"…\"); here, write by_id[…]", check: true, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nplanhat.license.bulk_upsert({ { externalId = 'l', companyId = planhat.extid('company-1'), value = 5, _currency = 'USD', fromDate = '2026-01-01' } }, { strict = true })\nlocal n = 0\nfor license in planhat.license.each() do\n  local c = planhat.company.get_by_id(license.companyId)\n  if c.name then n = n + 1 end\nend\nprint(n > 0)",
		replace: "for license in planhat.license.each() do\n  local c = planhat.company.get_by_id(license.companyId)", found: `loop: (.*); here, write (.*)$`, by: "$1\nfor license in planhat.license.each() do\n  local c = $2", want: "true\n",
	},
	{
		hint: "read it alone: local … = ….get_by_id(…)", check: true, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nlocal wanted = 'company-1'\nfor c in planhat.company.each() do\n  if c.externalId == wanted then print(c.externalId) end\nend",
		replace: "for c in planhat.company.each() do\n  if c.externalId == wanted then print(c.externalId) end\nend", found: `alone: (.*)$`, by: "$1\nprint(c.externalId)", want: "company-1\n",
	},
	{
		hint: "send all rows in one call, which splits them itself: …(…)", check: true, script: "local tables = require 'tables'\nlocal rows = {}\nfor i = 1, 3 do rows[i] = { externalId = 'n' .. i, name = 'N' } end\nfor _, chunk in ipairs(tables.chunk(rows, 2)) do\n  print(planhat.company.bulk_upsert(chunk).created)\nend",
		replace: "for _, chunk in ipairs(tables.chunk(rows, 2)) do\n  print(planhat.company.bulk_upsert(chunk).created)\nend", found: `itself: (.*)$`, by: "print($1.created)", want: "3\n",
	},
	{
		hint: "make a new table in the loop: local … = {}", check: true, script: "local rows, row = {}, {}\nfor i = 1, 2 do\n  row.n = i\n  rows[#rows + 1] = row\nend\nprint(rows[1].n)",
		replace: "do\n  row.n", found: `loop: (.*)$`, by: "do\n  $1\n  row.n", want: "1\n",
	},
	{
		hint: "… reads all pages if you leave out limit and offset; to loop over the records, write for record in ….each() do", check: true, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nlocal n = 0\nlocal offset = 0\nrepeat\n  local page = planhat.company.get_list{ limit = 100, offset = offset }\n  for _, c in ipairs(page) do n = n + #c.name end\nuntil #page == 0\nprint(n > 0)",
		replace: "local offset = 0\nrepeat\n  local page = planhat.company.get_list{ limit = 100, offset = offset }\n  for _, c in ipairs(page) do n = n + #c.name end\nuntil #page == 0", found: `write (.*)$`, by: "$1 n = n + #record.name end", want: "true\n",
	},
	{
		hint: "to replace only nil, write … ~= false", check: true, script: "local t = { on = #args > 0 }\nlocal on = t.on or true\nprint(on)",
		replace: "t.on or true", found: `write (.*)$`, by: "$1", want: "false\n",
	},
	{
		hint: "return what to sort by, or write table.sort(list, function(a, b) return a < b end)", check: true, script: "local tables = require 'tables'\nlocal list = { 2, 1 }\nlist = tables.sort_by(list, function(a, b) return a < b end)\nprint(list[1])",
		replace: "list = tables.sort_by(list, function(a, b) return a < b end)", found: `or write (.*)$`, by: "$1", want: "1\n",
	},
	{
		hint: "write function(a, b) return a.field < b.field end, or use tables.sort_by", check: true, script: "local list = { { n = 2 }, { n = 1 } }\ntable.sort(list, function(a) return a.n end)\nprint(list[1].n)",
		replace: "function(a) return a.n end", found: `write (.* a)\.field( < b)\.field( end),`, by: "$1.n$2.n$3", want: "1\n",
	},
	{
		hint: "write print(inspect(…))", check: true, script: "local t = { 1 }\nprint(t)",
		replace: "print(t)", found: `write (.*)$`, by: "$1", want: "{ 1 }\n",
	},
	{
		hint: "write table.insert(…, …, …)", check: true, script: "local t = { 'b' }\ntable.insert(t, 'a', 1)\nprint(t[1])",
		replace: "table.insert(t, 'a', 1)", found: `write (.*)$`, by: "$1", want: "a\n",
	},
	{
		hint: "write local …, err = …", check: true, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nlocal ok, c = planhat.try(planhat.company.get_by_id, 'extid-company-1')\nprint(ok ~= nil, c)",
		replace: "local ok, c = planhat.try(planhat.company.get_by_id, 'extid-company-1')\nprint(ok ~= nil, c)", found: `write (.*)$`, by: "$1\nprint(c.externalId, err)", want: "company-1\tnil\n",
	},
	{
		hint: "check the error, which is nil if it works: local _, err = planhat.try(...)", check: true, script: "local ok, why = planhat.try(function() print('x') end)\nif not ok then print('failed', why) end",
		replace: "local ok, why = planhat.try(function() print('x') end)\nif not ok then print('failed', why) end", found: `works: (.*)\.\.\.\)$`, by: "$1function() print('x') end)\nif err then print('failed') end", want: "x\n",
	},
	{
		hint: "join a field of each: table.concat(tables.map(…, function(item) return item.name end), \", \")", check: true, script: "local tables = require 'tables'\nlocal rows = {}\nrows[#rows + 1] = { name = 'a' }\nprint(table.concat(rows, ', '))",
		replace: "table.concat(rows, ', ')", found: `each: (.*)$`, by: "$1", want: "a\n",
	},
	{
		hint: "ask for its kind, such as ….kind == \"not_found\", or write tostring(…):…(...)", check: true, script: "local ok, err = pcall(planhat.company.get_by_id, 'extid-none')\nif not ok and err:find('404') then print('missing') end",
		replace: "err:find('404')", found: `such as (.*), or write`, by: "$1", want: "missing\n",
	},
	{
		hint: "write … ~= nil", check: true, script: "local s = args[1] or 'ab'\nif s:find('a') == true then print('yes') end",
		replace: "s:find('a') == true", found: `write (.*)$`, by: "$1", want: "yes\n",
	},
	{
		hint: "pass the function and its arguments: …(…)", check: true, script: "planhat.company.bulk_upsert({ { externalId = 'company-1', name = 'A' } }, { strict = true })\nlocal id = planhat.company.get_by_id('extid-company-1')._id\nprint((pcall(planhat.company.delete(id))))",
		replace: "pcall(planhat.company.delete(id))", found: `arguments: (.*)$`, by: "$1", want: "true\n",
	},
	{
		hint: "loop backwards: for … = #…, 1, -1 do", check: true, script: "local list = { 1, 5, 6 }\nfor i = 1, #list do\n  if list[i] and list[i] > 2 then table.remove(list, i) end\nend\nprint(#list)",
		replace: "for i = 1, #list do", found: `backwards: (.*)$`, by: "$1", want: "1\n",
	},
}
