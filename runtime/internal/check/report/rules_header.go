package report

// headerRules are about the script's header and its comments to the check.
var headerRules = []Rule{
	{"header", Error, "A mistake in what the comments at the top say about the script: an unknown tag, an invalid parameter, or a model that does not exist.", "-- @parm path:file \"CSV to import\"\nprint(1)", "-- @param path:file \"CSV to import\"\nprint(params.path)"},
	{"undeclared-parameter", Error, "A parameter that the script reads and does not declare, although it declares others.", "-- @param path:file\nprint(params.path, params.pth)", `print(params.path, params.pth)`},
	{"unread-parameter", Warning, "A parameter that the header declares and the script never reads.", "-- @param path:file\n-- @param days:integer\nprint(params.path)", "-- @param path:file\nlocal all = params\nprint(all.path)"},
	{"undeclared-write", Error, "A write to a model that `@writes` does not name, so the run ends there.", "-- @writes company\nplanhat.user.delete(\"65920080b97f4a7a33000001\")", "-- @writes user\nplanhat.user.delete(\"65920080b97f4a7a33000001\")"},
	{"unknown-rule", Warning, "A `phscript: ignore` comment that names a rule that does not exist.", "print(1) -- phscript: ignore spelling", `print(HostName) -- phscript: ignore undefined-global -- the host sets it`},
	{"unused-ignore", Warning, "A `phscript: ignore` comment that has nothing to ignore.", "print(1) -- phscript: ignore syntax", `prnt(1) -- phscript: ignore`},
}
