package report

// truthRules are about what counts as true in Lua.
var truthRules = []Rule{
	{"always-true", Warning, "A number, a string, a list or a record as a condition: in Lua, 0, an empty string and an empty list count as true.", "local result = planhat.company.bulk_upsert{ { externalId = \"a-1\", name = \"Acme\" } }\nif result.rejected then print(result.errors[1].message) end", "local result = planhat.company.bulk_upsert{ { externalId = \"a-1\", name = \"Acme\" } }\nif result.rejected > 0 then print(result.errors[1].message) end"},
}
