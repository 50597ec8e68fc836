local csv = require "cvs"          --> unknown-module: did you mean 'csv'
local own = require "own"
local inner = require("lib.inner")
local other = require "other.lua"  --> unknown-module: there is no module 'other.lua'
local tables = require "tables"
print(csv, own, inner, other)
print(#planhat.compny.get_list())   --> unknown-function: did you mean 'company'
print(#planhat.companies.get_list()) --> unknown-function: did you mean 'company'
print(planhat.company.find("x"))   --> unknown-function: did you mean 'get_by_id'
print(string.fromat("%d", 1))      --> unknown-function: did you mean 'format'
print(tables.summ({}, "mrr"))      --> unknown-function: did you mean 'sum'
local company = planhat.company
print(company.get_by_ID("extid-x"))      --> unknown-function: did you mean 'get_by_id'
print(company:get_by_id("extid-x"))
print(company:get("extid-x"))            --> unknown-function: did you mean 'get_by_id'
print(planhat.quota.free)          --> unknown-function: is a function, so it has no fields
print(("x"):trim())                --> unknown-function: has no function 'trim'
planhat.company({})                --> unknown-function: is a module, so it cannot be called
print(company.get_by_id())         --> wrong-arguments: argument 1, 'id', is missing
company.update("extid-x")                --> wrong-arguments: argument 2, 'changes', is missing
print(company.get_by_id("extid-x", "y")) --> wrong-arguments: takes at most 1 argument, not 2
print(company.get_by_id({}))       --> wrong-arguments: must be a string, not a table
print(#company.get_list("Acme"))    --> wrong-arguments: must be a table, not the string
print(math.floor("x"))             --> wrong-arguments: must be a number
print(math.floor("4"))
print(("x"):rep())                 --> wrong-arguments: argument 2, 'n', is missing
print(#company.get_list{ limt = 5 }) --> unknown-option: did you mean 'limit'
print(#company.get_list{ limit = "many" }) --> wrong-arguments: option 'limit' must be a whole number
print(#company.get_list{ "name" })  --> unknown-option: takes named fields only
local options = { sort = "name", slect = "name" } --> unknown-option: did you mean 'select'
print(#company.get_list(options))
print(table.getn({}))              --> deprecated: 'table.getn' is deprecated
local found = planhat.company.get_by_id("extid-1")
planhat.company.delete(found)      --> wrong-arguments: must be a string, not a Company record
print(select("#", company.get_by_id("extid-x")), unpack({ 1 }), tostring(nil))
local function pass(...) return company.get_by_id(...) end
print(pass("x"), company.get_by_id(pass("x"))) --> wrong-arguments: must be a string, not a Company record
local again = planhat.new{ api_token = "x" }
print(again.compnay)               --> unknown-function: did you mean 'company'
print(#again.company.get_list{ limt = 1 }) --> unknown-option: did you mean 'limit'
function string.title(s) return s end
print(string.title("x"), ("x"):title())
print(pcall(company.get_by_id))    --> wrong-arguments: argument 1, 'id', is missing
print(pcall(company.get_by_id, "x"), planhat.try(company.get_by_id, {})) --> wrong-arguments: must be a string, not a table
print(planhat.try(company.create, { naem = "x", name = "y" })) --> unknown-property: did you mean 'name'
local pipe = io.popen("ls")          --> unknown-function: 'io.popen' is not available: scripts cannot start programs
print(pipe, os.execute("ls"))        --> unknown-function: 'os.execute' is not available
local start = os.execute
start("mkdir out")                   --> unknown-function: 'os.execute' is not available: scripts cannot start programs
print(pcall(io.popen, "date"))       --> unknown-function: 'io.popen' is not available: scripts cannot start programs
print(os.execute(), os.execute and 1, type(io.popen))
