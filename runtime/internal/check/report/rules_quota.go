package report

// quotaRules are about calls that could be fewer.
var quotaRules []Rule
