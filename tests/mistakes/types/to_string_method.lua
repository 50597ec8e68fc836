local arr = 1200 * 12
print(arr:format("%.2f"))
