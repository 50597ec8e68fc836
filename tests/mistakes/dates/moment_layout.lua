print("Renewals of " .. time.format(time.now(), "YYYY-MM-DD"))
