local count = 0
local function next_id() count = count + 1; return count end
local saved
local function save(x) saved = x end
save(1)
local shown
local function show() return shown end
shown = 1
print(show(), next_id())
local list = {}
for i = 1, 3 do list[i] = function() return i end end
for _, f in ipairs(list) do print(f()) end
local hidden = 1
local function set() hidden = 2 end
set()
