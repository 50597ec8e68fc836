-- Backslashes that Lua drops.
print(fs.read("C:\Users\me.csv"))      --> escape: drops the backslash of '\U'
print(("a1"):gsub("\d", ""))           --> escape: '\d'
print("\x41", '\é')                    --> escape: '\x' --> escape: '\é'
print("a\tb\n\\ \" \' \065\0 \a\b\f\r\v \
next", [[C:\Users]], 'C:\\Users')
