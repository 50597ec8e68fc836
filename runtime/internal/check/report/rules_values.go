package report

// valueRules are about shapes of values and where they come from.
var valueRules = []Rule{
	{"may-be-nil", Warning, "A value that can be nil, such as the result of `string.match`, and is joined, indexed or calculated with although nothing tests it.", "local address = args[1] or \"ada@acme.example\"\nprint(address:match(\"@(.+)$\"):lower())", "local address = args[1] or \"ada@acme.example\"\nlocal domain = address:match(\"@(.+)$\")\nif domain then print(domain:lower()) end"},
	{"secret", Warning, "A token, key or password in the script or a comment: everyone who can read the script can use it. The finding does not show it.", "local password = \"tr0ub4dor\"\nprint(#password)", "local password = env.require(\"CRM_PASSWORD\")\nprint(#password)"},
}
