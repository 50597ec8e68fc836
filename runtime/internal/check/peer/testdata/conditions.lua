if true then print(1) else print(2) end
if nil then print(1) end
if false then print(1) elseif 1 then print(2) else print(3) end
while false do print(1) end
while nil do print(1) end
repeat print(1) until true
repeat print(1) until false
print("after")
