local best = require "best"
local company = best.companies(3)[1]
print("largest: " .. company.name)
