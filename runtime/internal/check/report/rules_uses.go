package report

// useRules are about functions that are used as those of other languages are.
var useRules = []Rule{
	{"format-arguments", Error, "Values of `string.format` that do not fit its directives, or a format that a function such as `print` does not fill in.", `print(string.format("%d of %d", 3))`, `print(string.format("%d %%", 3))`},
	{"try-results", Error, "The results of `planhat.try` taken for those of `pcall`: it returns the result first, then the error.", "local ok, company = planhat.try(planhat.company.get_by_id, \"extid-1\")\nif ok then print(company) end", "local company, err = planhat.try(planhat.company.get_by_id, \"extid-1\")\nprint(company or err)"},
	{"sort-order", Error, "A function for `table.sort` that does not say which of two items comes first.", "local list = { 3, 1, 2 }\ntable.sort(list, function(a, b) return a <= b end)", "local list = { 3, 1, 2 }\ntable.sort(list, function(a, b) return a < b end)"},
	{"changed-while-looping", Error, "A loop over a list that removes its items, which skips some, or adds one in each iteration, which never ends.", "local list = { 3, 1, 2 }\nfor i, n in ipairs(list) do\n  if n > 1 then table.remove(list, i) end\nend", "local list = { 3, 1, 2 }\nfor i = #list, 1, -1 do\n  if list[i] > 1 then table.remove(list, i) end\nend"},
	{"same-table-added", Error, "A table that a loop changes and adds to a list, so that all items are the same table.", "local rows, row = {}, {}\nfor i = 1, 3 do\n  row.name = \"Account \" .. i\n  rows[#rows + 1] = row\nend\nprint(#rows)", "local rows = {}\nfor i = 1, 3 do\n  local row = {}\n  row.name = \"Account \" .. i\n  rows[#rows + 1] = row\nend\nprint(#rows)"},
	{"prints-address", Warning, "A list or table that `print` shows as an address.", "print(planhat.company.get_list())", "print(inspect(planhat.company.get_list()))"},
}
