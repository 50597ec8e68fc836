local ok = pcall(planhat.company.delete, "67d08140557181002fd170dd")
print(ok)
