local stamp = time.now()
local name = "out/companies-" .. time.format(stamp, "%Y-%M-%d") .. ".txt"
fs.write(name, "done\n")
print(name)
