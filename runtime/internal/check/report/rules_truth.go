package report

// truthRules are about what counts as true in Lua.
var truthRules []Rule
