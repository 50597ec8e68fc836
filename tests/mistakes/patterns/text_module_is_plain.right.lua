local text = require "text"
local name = text.trim(" Acme   Inc. ")
print((name:gsub("%s+", " ")))
