local text = require "text"
print(text.replace("Acme   Inc.", "%s+", " "))
