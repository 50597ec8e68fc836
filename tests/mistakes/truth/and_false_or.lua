local active = true
local archived = active and false or true
print("archived:", archived)
