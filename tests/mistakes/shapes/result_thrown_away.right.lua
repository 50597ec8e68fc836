local tables = require "tables"
local rows = csv.read("accounts.csv")
rows = tables.sort_by(rows, "mrr")
print(rows[1].name)
