local text = require "text"
local name = text.trim(" Acme   Inc. ")
print(text.replace(name, "%s+", " "))
