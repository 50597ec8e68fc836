local text = require "text"
local names = {}
for row in csv.rows("accounts.csv") do
  names[#names + 1] = text.trim(row.name)
end
print(table.concat(names, ", "))
