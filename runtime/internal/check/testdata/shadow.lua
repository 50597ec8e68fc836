local name = "a"
local name = name .. "b"           --> shadowed-name: is already declared on line 1
print(name)
local function show(name)          --> shadowed-name: hides the local of the same name on line 2
  for i = 1, 2 do
    local i = i * 2                --> shadowed-name: hides the loop variable
    print(i, name)
  end
  do
    local name = 1                 --> shadowed-name: hides the argument
    print(name)
  end
end
show(1)
local string = "x"                 --> shadowed-name: hides the module string
local csv = require "csv"
local json = json or require("json")
local print = print
print(string, csv, json)
local function sum(table)          --> shadowed-name: hides the module table
  return #table
end
print(sum({}))
local company = planhat.company
print(company)
local _ = 1
local _ = 2
run.reject({ id = 1 }, "no name")
for _, run in ipairs{ 1 } do         --> shadowed-name: hides the module run
  print(run)
end
