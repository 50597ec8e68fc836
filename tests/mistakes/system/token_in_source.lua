local sandbox = planhat.new{ api_token = "8Jk2vQx7Zp4Rt9Wn3Lm6Yb1Hd5Gs0Fc" }
print(sandbox ~= nil)
