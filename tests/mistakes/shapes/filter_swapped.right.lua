local tables = require "tables"
local rows = csv.read("accounts.csv")
local gold = tables.filter(rows, function(row) return row.tier == "Gold" end)
print(#gold)
