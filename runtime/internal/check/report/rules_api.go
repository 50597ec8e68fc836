package report

// apiRules are about calls of modules and the records that they take.
var apiRules = []Rule{
	{"unknown-module", Error, "A `require` that finds neither a file nor a built-in module.", `print(require "cvs")`, "local found, lpeg = pcall(require, \"lpeg\")\nprint(found, lpeg)"},
	{"unknown-function", Error, "A function or model that a module does not have.", "print(#planhat.compny.get_list())", "local unpack = table.unpack or unpack\nprint(unpack({ 1, 2 }))"},
	{"wrong-arguments", Error, "A call with missing arguments, too many arguments, or arguments of the wrong type.", "planhat.company.get_by_id()", `print(planhat.company.get_by_id("extid-1"), tostring(1, 2))`},
	{"unknown-option", Error, "An option that a function does not have.", "print(#planhat.company.get_list{ limt = 5 })", `print(#planhat.company.get_list{ limit = 5 })`},
	{"unknown-property", Error, "A property that a model does not have, in a record, in `select` or `sort`, or read from a record. It is a warning if no property has a similar name, or if the script only reads it.", `planhat.company.create{ naem = "Acme" }`, `planhat.company.create{ name = "Acme", custom = { naem = "x" } }`},
	{"not-selected", Warning, "A property read from a record although `select` does not include it, so it is always nil.", `for c in planhat.company.each{ select = "name" } do print(c.owner) end`, `for c in planhat.company.each{ select = { "name", "owner" } } do print(c.owner) end`},
	{"read-only-property", Error, "A property that only Planhat can set.", `planhat.company.update("extid-1", { mrr = 5 })`, `print(planhat.company.get_by_id("extid-1").mrr)`},
	{"missing-property", Error, "A new record without a property that Planhat requires.", `planhat.license.create{ fromDate = "2026-01-01" }`, "local license = { fromDate = \"2026-01-01\" }\nlicense.companyId = \"extid-1\"\nlicense.value = 5\nplanhat.license.create(license)"},
	{"wrong-value", Error, "A value that a property, parameter or option does not take: the wrong type, an unknown word, or text that is not a valid duration, time zone, format, id, address or amount.", `planhat.company.create{ name = "Acme", status = "good" }`, `print(time.add("2026-01-31", "2 days"), time.today("Europe/Stockholm"))`},
	{"date", Error, "A date in a format Planhat does not accept, a date compared with something else, or arithmetic on a date.", `print(time.today() + 30)`, `print(time.add(time.today(), { days = 30 }))`},
	{"row-without-key", Warning, "A row for `bulk_upsert` without a key, so every run creates a new record.", `planhat.company.bulk_upsert{ { name = "Acme" } }`, `planhat.company.bulk_upsert{ { name = "Acme", externalId = "a" } }`},
	{"deprecated", Warning, "A deprecated function.", "print(table.getn({ 1, 2 }))", `print(#{ 1, 2 })`},
}
