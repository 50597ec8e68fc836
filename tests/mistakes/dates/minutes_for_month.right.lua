local stamp = time.now()
local name = "out/companies-" .. time.format(stamp, "%Y-%m-%d") .. ".txt"
fs.write(name, "done\n")
print(name)
