local found
for i = 1, 3 do
  for j = 1, 3 do
    if i * j == 4 then found = i break end
  end
  if found then break end
end
local last
for i = 1, 3 do last = i end
local n = 0
while true do n = n + 1 if n > 3 then break end end
local flag = false
for _ = 1, 3 do if flag then print("again") end flag = true end
local never = 1
for _ = 1, 3 do never = 2 end
