package report

// apiRules are about calls of modules and the records that they take.
var apiRules = []Rule{
	{"unknown-module", Error, "A `require` that finds neither a file nor a built-in module.", `print(require "cvs")`, ""},
	{"unknown-function", Error, "A function or model that a module does not have.", "print(planhat.compny.get_list())", ""},
	{"wrong-arguments", Error, "A call with missing arguments, too many arguments, or arguments of the wrong type.", "planhat.company.get_by_id()", ""},
	{"unknown-option", Error, "An option that a function does not have.", "print(#planhat.company.get_list{ limt = 5 })", ""},
	{"unknown-property", Error, "A property that a model does not have, in a record, in `select` or `sort`, or read from a record. It is a warning if no property has a similar name, or if the script only reads it.", `planhat.company.create{ naem = "Acme" }`, ""},
	{"not-selected", Warning, "A property read from a record although `select` does not include it, so it is always nil.", `for c in planhat.company.each{ select = "name" } do print(c.owner) end`, ""},
	{"read-only-property", Error, "A property that only Planhat can set.", `planhat.company.update("extid-1", { mrr = 5 })`, ""},
	{"missing-property", Error, "A new record without a property that Planhat requires.", `planhat.license.create{ fromDate = "2026-01-01" }`, ""},
	{"wrong-value", Error, "A property value that has the wrong type or is not one of the allowed values.", `planhat.company.create{ name = "Acme", status = "good" }`, ""},
	{"date", Error, "A date in a format Planhat does not accept, a date compared with something else, or arithmetic on a date.", `print(time.today() + 30)`, ""},
	{"row-without-key", Warning, "A row for `bulk_upsert` without a key, so every run creates a new record.", `planhat.company.bulk_upsert{ { name = "Acme" } }`, ""},
	{"deprecated", Warning, "A deprecated function.", "print(table.getn({ 1, 2 }))", ""},
}
