print(money.parse("1.234,50", { decimal = "," }))
