local active = true
local archived = not active
print("archived:", archived)
