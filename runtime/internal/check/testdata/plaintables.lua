-- Functions that a plain table does not have.
local report = {}
report.insert("x")                     --> unknown-function: 'report' is a plain table without a function 'insert'
report:push("y")                       --> unknown-function: 'push'
table.insert(report, "z")
report[#report + 1] = "z"
print(report.concat(", "), #report)    --> unknown-function: 'concat'
local function gather()
  local rows = {}
  for row in csv.rows("a.csv") do rows:insert(row) end --> unknown-function: 'insert'
  rows.sort(function(a, b) return a.id < b.id end)     --> unknown-function: 'sort'
  return rows
end
local function show(list) for _, item in ipairs(list) do print(item) end end
local totals = { 1, 2 }
show(totals)
totals.append(3)                       --> unknown-function: 'append'
print(gather(), planhat.company.get_list():filter(print)) --> unknown-function: 'filter'
local companies = planhat.company.get_list()
companies:remove(1)                    --> unknown-function: 'remove'
-- Tables that may have it.
local M = {}
function M.add(x) return x end
print(M.add(1), M:add(2))
local actions = {}
for _, name in ipairs({ "pop", "shift" }) do actions[name] = print end
actions.shift(1)
local other = {}
local alias = other
alias.size = print
other.size()
local mixed = {}
require("own")(mixed)
mixed.count(1)
local stack = { join = print }
stack.join("x")
local exported = {}
local function use() exported.pull() end
print(use)
return exported
