local internal = "kim+test@csm.example"
local address = "kim+test@csm.example"
if address:find(internal) then print("internal address") end
