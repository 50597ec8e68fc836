-- @param max_rows:integer "Import at most this many rows" optional
local rows = csv.read("accounts.csv")
local left = (params.max_rows or 100) - #rows
print(left)
