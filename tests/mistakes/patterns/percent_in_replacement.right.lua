local template = "You get {discount} off"
local mail = template:gsub("{discount}", "20%%")
print(mail)
