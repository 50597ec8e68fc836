package report

// literalRules are about literals that the run refuses, and Lua patterns.
var literalRules []Rule
