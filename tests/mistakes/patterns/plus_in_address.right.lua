local address = "kim+test@csm.example"
if address:find("kim+test@csm.example", 1, true) then print("internal address") end
