-- Before the first and behind the last item.
local companies = planhat.company.get_list()
print(companies[0].name, companies[1].name) --> loop-bounds: there is no item 0
for i = 0, 5 do print(companies[i].name) end --> loop-bounds: lists start at 1
for i = 1, #companies + 1 do print(companies[i].name) end --> loop-bounds: past the end
for i = 0, #companies - 1 do print(companies[i].name) end --> loop-bounds: misses the last item
for i = 0, #companies - 1 do print(companies[i + 1].name) end
for i = 1, #companies + 1 do
  if companies[i] then print(companies[i].name) end
end
for i = 1, #companies + 1 do
  local c = companies[i]
  print(c and c.name)
end
for i = 0, 5 do print(i, companies[i + 1].name) end
for i = 0, #companies - 1 do print(companies[i]) end --> loop-bounds: misses the last item
for i = 0, #companies - 1 do           --> loop-bounds: misses the last item
  local c = companies[i]
  print(c)
end
for i = 0, 3 do print(companies[i]) end --> loop-bounds: lists start at 1
local zero = {}
for i = 0, 3 do zero[i] = i end
for i = 0, 3 do print(zero[i]) end
local levels = { [0] = "none", "low", "high" }
print(levels[0])
local names = { "a", "b" }
print(names[0])                        --> loop-bounds: there is no item 0
local counts = { 1, 2 }
counts[0] = 5
print(counts[0])
print(arg[0])
for i in 1, 10 do print(i) end         --> loop-over-table: cannot loop over a number
for i in #names do print(i) end        --> loop-over-table: cannot loop over a number
