-- Decodes a file of JSON and encodes it back, several times over, and prints
-- the median milliseconds of both. It runs in phscript, and in lua5.1 and
-- luajit with lua-cjson.
local file, rounds = ..., 15
local found, json = pcall(require, "cjson")
if not found then json = require("json") end

local f = assert(io.open(file, "rb"))
local text = f:read("*a")
f:close()

local function median(samples)
  table.sort(samples)
  return samples[math.floor(#samples / 2) + 1] * 1000
end

local decoding, encoding = {}, {}
local count
for i = 1, rounds do
  local began = os.clock()
  local page = json.decode(text)
  local middle = os.clock()
  local back = json.encode(page)
  decoding[i], encoding[i] = middle - began, os.clock() - middle
  count = #page
  assert(#back > #text / 2)
end
print(count, median(decoding), median(encoding))
