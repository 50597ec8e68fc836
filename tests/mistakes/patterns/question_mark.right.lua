local url = "https://app.example/c?id=17"
local at = url:find("/c?id=", 1, true)
print(at and url:sub(1, at) or url)
