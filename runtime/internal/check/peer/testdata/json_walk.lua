local function walk(value, path, visit)
  if type(value) ~= "table" then visit(path, value) return end
  for k, v in pairs(value) do walk(v, path .. "/" .. tostring(k), visit) end
end
local leaves = 0
walk(json.decode('{"a":1}'), "", function(path, value) leaves = leaves + 1 end)
local data = json.read("x.json")
for i = 1, #data do local item = data[i] end
