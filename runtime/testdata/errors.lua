-- Each block between lines of --- is a script; the comment says which error is
-- expected on its line.
local t = {}
print(t.owner.name) -- error: attempt to index field 'owner' \(a nil value\)
---
local company = { name = "Acme" }
company.rename("x") -- error: attempt to call field 'rename' \(a nil value\)
---
local mrr
local arr = mrr * 12 -- error: attempt to perform arithmetic on local 'mrr' \(a nil value\)
---
local c = {}
print("owner: " .. c.owner) -- error: attempt to concatenate field 'owner' \(a nil value\)
---
local c = { mrr = nil }
if c.mrr > 10 then -- error: attempt to compare number with nil
  print("large")
end
---
local rows = {
  { name = "a" },
  { nme = "b" },
}
for _, row in ipairs(rows) do
  local upper = row.name:upper() -- error: attempt to index field 'name' \(a nil value\)
end
---
local function f()
  error("told to fail") -- error: ^told to fail$
end
pcall(f)
f()
---
local function f()
  error("blame the caller", 2)
end
f() -- error: ^blame the caller$
---
local ok, err = pcall(error, { code = 7 })
assert(err.code == 7)
error(err) -- error: the script raised { code = 7 }
---
local tables = require "tables"
tables.map("no list", print) -- error: argument 1, 'list', must be a table, not string
---
local text = require "text"
text.split("a,b", "") -- error: 'separator', must not be empty
---
json.decode("{") -- error: (unexpected|end|EOF|cut)
---
csv.rows() -- error: csv.rows: argument 1, 'name', is missing
---
planhat.company.get_by_id() -- error: argument 1
---
fs.read("missing.txt") -- error: cannot read "missing.txt": there is no such file
---
local x = 5
x += 1 -- error: .
---
goto_done = true
for i = 1, 3 do
  continue
end -- error: '=' expected near 'end'
---
local s = "open -- error: unfinished string
---
string.rep("x", -1)
string.rep() -- error: bad argument #1 to 'rep'
---
local co = coroutine.create(function() error("inside") end)
local ok, message = coroutine.resume(co)
assert(not ok)
error("caught: " .. message) -- error: ^caught: main.lua:1: inside$
---
local C = require "connector"
C.new{ name = "a", base = "https://a.example", auth = print, version = "1", sunset = "soon" } -- error: the field "sunset" must be a date such as "2028-03-31"
---
local C = require "connector"
C.new{ name = "a", base = "https://a.example", auth = print, sunset = "2028-03-31" } -- error: next to the field "version"
---
local C = require "connector"
C.new{ name = "a", base = "https://a.example", auth = print, version = 3 } -- error: the field "version" must be a string, not a number
---
local C = require "connector"
C.new{ name = "a", base = "https://a.example", auth = print, expires = { A_TOKEN = "2028-02-31" } } -- error: must have a date such as "2028-03-31" for A_TOKEN
---
local C = require "connector"
local a = C.new{ name = "a", base = "https://a.example", auth = print }
a:stream("b", { into = "company", map = { sourceId = "id" }, scan = print, permissions = { 7 } }) -- error: the field "permissions" must be a list of texts
---
local C = require "connector"
local a = C.new{ name = "a", base = "https://a.example", auth = print }
a:stream("b", { into = "company", map = { sourceId = "id" }, scan = print, permission = {} }) -- error: unknown field "permission"; did you mean "permissions"
