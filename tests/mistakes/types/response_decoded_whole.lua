-- @allow net=api.crm.example
local http = require "http"
http.stub{ url = "https://api.crm.example/accounts", json = { { id = 17 } } }
local response = http.get("https://api.crm.example/accounts")
local accounts = json.decode(response)
print(#accounts)
