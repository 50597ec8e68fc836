-- @allow net=api.crm.example
local http = require "http"
http.stub{ url = "https://api.crm.example/ping", body = "ok" }
print(http.get("https://api.crm.example/ping").body)
