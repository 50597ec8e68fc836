local sandbox = planhat.new{ api_token = env.require("SANDBOX_TOKEN") }
print(sandbox ~= nil)
