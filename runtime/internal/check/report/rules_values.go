package report

// valueRules are about shapes of values and where they come from.
var valueRules []Rule
