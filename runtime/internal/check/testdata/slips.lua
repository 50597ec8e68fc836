local name, price, rows = args[1], "5", {}
print("total: " + price)             --> text-arithmetic: needs numbers
print("a" .. name + 1, "5" + 1)
print("all: " .. { 1 })              --> text-arithmetic: a table cannot be joined
print("free: " .. planhat.quota)     --> text-arithmetic: the function planhat.quota cannot be joined
print("first: " .. (name == "x"))    --> text-arithmetic: a boolean cannot be joined
name:upper()                         --> ignored-result: does not change anything
;("x"):upper()                      --> ignored-result: does not change anything
string.gsub(name, "a", "b")          --> ignored-result: does not change anything
planhat.company.get_list()           --> ignored-result: only reads
planhat.company.get_by_id("extid-x")
name:gsub("%a+", function(word) print(word) end)
planhat.company.bulk_upsert(rows)    --> ignored-result: lists the rejected rows
planhat.company.bulk_upsert(rows, { strict = true })
planhat.company.delete("extid-x")
local sorted = table.sort(rows)      --> no-result: 'table.sort' returns nothing
print(sorted)
print(tonumber(name:gsub(",", "")))  --> further-results: gsub returns the string and the number
print(tonumber((name:gsub(",", ""))))
table.insert(rows, name:gsub(",", "")) --> further-results: gsub returns
print(price:gsub(".", ""))           --> pattern: any character
print(price:gsub("%.", ""))
for _, id in ipairs({ "65920080b97f4a7a33000001", "65920080b97f4a7a33000002" }) do
  local users = planhat.user.get_list() --> call-in-loop: reads the same list
  local licenses = planhat.license.get_list{ companyId = id }
  print(#users, #licenses)
end
local shout = name
print(shout)
local function tidy(text, shop)
  text:gsub("-", "+")                --> ignored-result: 'gsub' does not change anything
  text:gsub("%a+", function(word) print(word) end)
  shop:close()
end
print(tidy, name, rows)
local shop = { open = true }
function shop:reverse() self.open = not self.open end
shop:reverse()
