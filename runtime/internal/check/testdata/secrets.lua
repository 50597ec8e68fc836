local http, crypto = require "http", require "crypto"
local api_token = "q7Zk3Vb9Lm2Xc8Rt5Yw1Hs6J" --> secret: 'api_token' is written into the script
local client = http.client{
  base = "https://api.example.com",
  headers = {
    Authorization = "Bearer q7Zk3Vb9Lm2Xc8Rt5Yw1", --> secret: 'Authorization' is written into the script
    ["X-Api-Key"] = env.get("KEY") or "q7Zk3Vb9Lm2Xc8Rt5Yw2", --> secret: 'X-Api-Key' is written into the script
  },
}
local mine = "q7Zk3Vb9Lm2Xc8Rt5Yw3"                --> secret: 'bearer' is written into the script
print(http.get("https://api.example.com", { bearer = mine }), client, api_token)
local config = {}
config.password = "hunter2!"                       --> secret: 'password' is written into the script
print("https://app:hunter2@api.example.com", inspect(config)) --> secret: this looks like a password or key in an address
print(http.get("https://api.example.com/v1?api_key=q7Zk3Vb9Lm2Xc8Rt5Yw4&page=1")) --> secret: this looks like a password or key in an address
print("AKIAQ7ZK3VB9LM2XC8RT") -- before: AKIAQ7ZK3VB9LM2XC8RU --> secret: an AWS access key --> secret: an AWS access key
print("Basic " .. crypto.base64_encode("user:" .. env.require("PASSWORD")))

-- Silent: placeholders, names and what the environment has.
local token = env.require("CRM_TOKEN")
local secret = "..."
local key = "<your key 1234567890abcdef>"
local settings = { api_token = token, client_secret = env.get("SECRET_NAME_2026"), next_page_token = "q7Zk3Vb9Lm2Xc8Rt5Yw1", password = "password" }
local token_type = "identifier_of_kind_2"
local sessionToken = "SESSION_TOKEN_NUMBER_1"
print(secret, key, inspect(settings), token_type, sessionToken, "AKIAIOSFODNN7EXAMPLE", "https://user:secret@host.example/")
