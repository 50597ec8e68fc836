local s = args[1] or ""
print((s:gsub(".", "")), (s:gsub("%.", "")), (s:gsub(".", "*")))              --> pattern: a dot in a pattern
print((s:gsub("100%", "")), (s:gsub("100%%", "")))                            --> pattern: cannot end with a single %
print(s:match("\\d+"), s:match("%d+"), s:match("^\\s*(.-)$"), (s:gsub("\\n", "\n"))) --> pattern: use % where --> pattern: use % where
print(s:match("(jpg|png)$"), s:match("|cff%x+|r"), s:match("%d{4}"), (s:gsub("{1}", ""))) --> pattern: no alternatives --> pattern: cannot count
print(s:match("(.*?),"), s:match("(.-),"), s:match("http://.*?id=(%d+)"))     --> pattern: the shortest match is '-'
print(s:find("follow-up"), s:find("follow-up", 1, true), s:find("%d-%d"))     --> pattern: does not match the text itself
print(s:find("("), s:find("[x"), s:find("]"), s:match(")"))                   --> pattern: nothing closes it --> pattern: nothing closes it --> pattern: nothing opens it
print(s:find("."), s:find("$"), s:match("^%$"), s:find("*.csv"))              --> pattern: finds the first one --> pattern: the end of the text --> pattern: '*' does not stand
print((s:gsub("%d", "5%")), (s:gsub("%d", "%2")), (s:gsub("(%d)", "%1%%")))   --> pattern: zero byte --> pattern: inserts capture 2
print((s:gsub("(%a+) (%a+)", "$2 $1")), (s:gsub("price", "$1")))              --> pattern: is that text
print(s:find("[URGENT]"), s:find("[aeiou]"), s:match("%g+"), s:match("[%w_]+")) --> pattern: one of the characters --> pattern: no class %g
print(s:find("kim+test@csm.example"), s:find("/c?id="), s:find("https?://"))  --> pattern: one or more --> pattern: is optional
print(#require("text").split(s, "%s+"), #require("text").split(s, "%"))         --> pattern: takes plain text
print((select(2, s:gsub(".", ""))), s:match("[[:alpha:]]"), s:find("C++"))    --> pattern: [:alpha:] --> pattern: one or more
for word in s:gmatch("^%a+") do print(word) end                               --> pattern: for the character itself
