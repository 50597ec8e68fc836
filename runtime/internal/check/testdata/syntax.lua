local a = 1
if a != 2 then print(a) end          --> syntax: unexpected symbol near '!='
