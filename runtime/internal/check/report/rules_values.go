package report

// valueRules are about shapes of values and where they come from.
var valueRules = []Rule{
	{"secret", Warning, "A token, key or password in the script or a comment: everyone who can read the script can use it. The finding does not show it.", "local password = \"tr0ub4dor\"\nprint(#password)", "local password = env.require(\"CRM_PASSWORD\")\nprint(#password)"},
}
