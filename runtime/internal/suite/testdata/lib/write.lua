fs.write(args[1], "written")
