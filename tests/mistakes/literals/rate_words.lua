-- @allow net=api.crm.example
local http = require "http"
local api = http.client{
  base = "https://api.crm.example/v2",
  rate = { "100 per minute" },
}
print(api ~= nil)
