print("Renewals of " .. time.format(time.now(), "%Y-%m-%d"))
