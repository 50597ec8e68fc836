local tables = require "tables"
local rows = csv.read("accounts.csv")
local gold = tables.filter(function(row) return row.tier == "Gold" end, rows)
print(#gold)
