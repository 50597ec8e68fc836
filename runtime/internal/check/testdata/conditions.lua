local x = args[1]
if not x == nil then print(x) end    --> constant-condition: 'not' is applied before '=='
if not x == "a" then print(x) end    --> constant-condition: 'not' is applied before '=='
if (not x) == false then print(x) end
if x == "nil" then print(x) end      --> constant-condition: "nil" in quotes is a string
if type(x) == nil then print(x) end  --> constant-condition: type(...) returns a string
if type(x) == "int" then print(x) end --> constant-condition: never returns "int"
if type(x) == "strnig" then print(x) end --> constant-condition: did you mean 'string'
if type(x) == "nil" or tostring(x) == "nil" then print(x) end
if x ~= "a" or x ~= "b" then print(x) end --> constant-condition: this is always true
if x == "a" and x == "b" then print(x) end --> constant-condition: this is never true
if x ~= nil or x ~= false then print(x) end --> constant-condition: this is always true
if x == "a" or x == "b" or (x ~= "c" and x ~= "d") then print(x) end
if x == "a" or "b" then print(x) end --> constant-condition: 'or "b"' makes this always true
if x == {} then print(x) end         --> constant-condition: each { } is a new table
if #args == "1" then print(x) end    --> constant-condition: are never equal
if #args < "1" then print(x) end     --> constant-condition: cannot be compared with
local flag = x and nil or "other"    --> constant-condition: after 'and' has no effect
local fine = x and "" or "other"
print(flag, fine)
if 0 then print(x) end               --> constant-condition: 0 counts as true
if planhat.quota then print(x) end   --> constant-condition: is a function and counts as true
for c in planhat.company.each() do
  if c.owner == json.null then print(c.name) end --> constant-condition: an empty property of a record is nil
  if c.mrr == "100" then print(c.name) end       --> constant-condition: 'mrr' is a number
end
local decoded = json.decode("null")
if decoded == json.null then print(decoded) end
while x ~= nil and x ~= "" do x = nil end
local function customer(c) return c.status == "customer" or "prospect" end --> constant-condition: 'or "prospect"' makes this always true
print(customer(x), x == "a" or nil, x == 1 or "many")
local n = tonumber(x)
if 1 < n < 10 then print(n) end      --> constant-condition: cannot be chained
if (n == 1) == (x == "a") or 1 < n and n < 10 then print(n) end
local limit = tonumber(x) or 3
if not limit > 5 then print(x) end   --> constant-condition: which raises an error
if not x == args[2] then print(x) end --> constant-condition: 'not' is applied before '=='
if not x ~= limit then print(x) end  --> constant-condition: 'not' is applied before '~='
if not x == not args[2] or not x == (limit == 5) then print(x) end
