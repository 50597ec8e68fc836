local record = { name = "Acme", phase = "Lost" }
print(#record)                       --> length-of-record: has named fields, so the result is 0
print(#{ 1, 2 }, #"text", #args)
local company = planhat.company.get_by_id("extid-x")
print(#company)                      --> length-of-record: has named fields
print(#planhat.company.get_list)     --> length-of-record: is a function, which has no length
print(#planhat.company.each())       --> length-of-record: an iterator has no length
for c in planhat.company.each do print(c) end --> loop-over-table: call it to get an iterator
for c in planhat.company.get_list() do print(c) end --> loop-over-table: loop over a
for k, v in record do print(k, v) end --> loop-over-table: loop over a
for k, v in pairs(record) do print(k, v) end
for _, v in ipairs(record) do print(v) end --> ipairs-over-record: the loop never runs
for row in ipairs(planhat.company.get_list()) do
  print(row.name)                    --> field-of-number: 'row' is a number
end
local rows = { 1, 2, 3 }
for i = 0, #rows do print(rows[i]) end --> loop-bounds: lists start at 1
for i = 0, #rows do print(i) end
for i = #rows, 1 do print(rows[i]) end --> loop-bounds: the loop counts up
for i = #rows, 1, -1 do print(rows[i]) end
for i = 10, 1 do print(i) end        --> loop-bounds: the loop never runs
print(rows[#rows / 2])               --> fraction-as-index: can give a fraction
print(rows[math.floor(#rows / 2)])
local grown = {}
grown[#grown + 1] = 1
for _, v in ipairs(grown) do print(v, #grown) end
local handed = { n = 0 }
local function fill(t) t[1] = "x" end
fill(handed)
print(#handed)
