-- Functions that are given under computed names.
local function register(into, name, fn) into[name] = fn end
local commands = {}
register(commands, "go", print)
commands.go()
local object = {}
function object:extend(name, fn) self[name] = fn end
object:extend("stop", print)
object.stop()
local list = { 1 }
local function show(items) for _, one in ipairs(items) do print(one) end end
show(list)
list:last()
