local best = require "best"
local company = best.companies(3)
print("largest: " .. company.name)
