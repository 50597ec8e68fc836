local total = 0                    --> unused-local: 'total' is never used
local a, b = pcall(print)          --> unused-local: 'b' is never used
print(a)
local function helper() end        --> unused-function: the function 'helper'
local function again(n) return again(n - 1) end --> unused-function: called only by itself
local pong
local function ping() return pong() end  --> unused-function: called only by itself
pong = function() return ping() end --> unused-function: called only by itself
local each_row = function(row, _extra) end --> unused-argument: 'row' is never used
each_row(1)
local log_it = function(first, ...) print(first) end --> unused-argument: '...'
log_it(1)
local account = {}
function account:name() return "x" end --> unused-argument: the method does not use 'self'
print(inspect(account))
for i, v in ipairs({ 1 }) do print(v) end --> unused-loop-variable: 'i' is never used
for n = 1, 3 do print("x") end     --> unused-loop-variable: 'n' is never used
for _ = 1, 3 do print("x") end
local n = 1                        --> unused-assignment: line 20 overwrites it
n = 2
print(n)
n = 3                              --> unused-assignment: the value stored in 'n' is never read
local empty                        --> never-set: 'empty' is read but never assigned
print(empty)
local late
print(late)                        --> read-before-set: 'late' has no value yet
late = 1                           --> unused-assignment: never read
local filled = {}                  --> unused-local: the table in 'filled' is filled but never read
filled.x = 1
local written                      --> unused-local: 'written' is assigned but never read
written = 1
written = 2
local function counted(given)      --> unused-argument: is assigned but never read
  given = 5
end
counted(1)

local Accounts                                   --> never-set: is given fields but never assigned
function Accounts.first() return 1 end
