local function first(list)
  for _, item in ipairs(list) do   --> loop-runs-once: ends in its first iteration
    return item
  end
end
local function stop()
  if true then
    return 1
  else
    print("never")                 --> unreachable-code: never reached
  end
end
print(first({}), stop())
while true do
  print("x")
  if args[1] then break end
end
if args[2] then end                --> empty-block: this branch is empty
if args[3] then elseif args[4] then print("four") else end --> empty-block: this branch is empty
for _ in pairs({}) do end          --> empty-block: this loop is empty
for _ in pairs({}) do
  -- Nothing to do: the loop only has to end.
end
local t = { a = 1, b = 2, a = 3, 10, [1] = 11 } --> duplicate-field: set again --> duplicate-field: set again
print(inspect(t))
repeat
  local done = true
until done
while true do
  print("endless")
end
print("behind an endless loop")    --> unreachable-code: never reached
