-- Globals: undefined, set, replaced.
prnt("x")                          --> undefined-global: did you mean 'print'
count = 0                          --> global-set: 'count' is a global, which every function
count = count + 1                  --> global-set: which every --> global-set: is a global
function visit() end               --> global-set: 'visit' is a global
visit()                            --> global-set: is a global
print = nil                        --> global-overwritten: this replaces 'print'
string = {}                        --> global-overwritten: this replaces 'string'
settings.limit = 5                 --> undefined-global: 'settings' is not defined
print(company.list)                --> undefined-global: 'company' is not defined
print(tables.sum({}, "mrr"))       --> undefined-global: 'tables' is not defined
print(null)                        --> undefined-global: 'null' is not defined
local company_name = "Acme"
print(companyname, company_name)   --> undefined-global: did you mean 'company_name'
do local inner = 1; print(inner) end
print(inner)                       --> undefined-global: 'inner' is not defined
local f = function() return coutn end --> undefined-global: did you mean 'count'
print(f(), _G.anything, _VERSION, args[1], arg[0])
