local arr = 1200 * 12
print(("%.2f"):format(arr))
