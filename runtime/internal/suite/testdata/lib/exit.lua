os.exit(tonumber(args[1]))
