local text = require "text"
print((("Acme   Inc."):gsub("%s+", " ")))
