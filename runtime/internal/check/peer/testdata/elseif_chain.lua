local kind = args[1]
local label
if kind == "a" then label = "A"
elseif kind == "b" then label = "B"
elseif kind == "c" then lable = "C"
else label = "?" end
print(label)
local size
if kind then size = 1 else size = 2 end
local color = "red"
if kind then color = "blue" end
print(color)
