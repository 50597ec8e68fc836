for i = 1, 10 do
  local x = i
  while x > 0 do
    x = x - 1
    if x == 5 then break end
    local y = x
  end
end
repeat
  local line = io.read()
  local n = 0
until line == nil
for k, v in pairs({}) do end
for k in pairs({}) do k = 1 end
for a, b, c in next, {} do print(b) end
