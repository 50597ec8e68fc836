for i = 1, 3 do i = i + 1 end
for i = 3, 1 do print(i) end
for i = #args, 1 do print(i) end
for i = 1, 3, 1 do local j = i j = 2 end
for i = a, b, c do end
for _ = 1, 3 do end
for i = 1, 3 do for j = i, 3 do end end
