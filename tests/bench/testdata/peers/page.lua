-- Works on a page of records with lua-cjson, and prints the milliseconds of each kind of
-- work, each the median of several rounds.
local cjson = require "cjson"
local f = assert(io.open((...), "rb"))
local text = f:read("*a")
f:close()

local function median(work)
  local times = {}
  for i = 1, 15 do
    local began = os.clock()
    work()
    times[i] = (os.clock() - began) * 1000
  end
  table.sort(times)
  return times[8]
end

local function filter()
  local n = 0
  for _, r in ipairs(cjson.decode(text)) do
    if r.status == "customer" and r.phase then n = n + 1 end
  end
  return n
end

local function touch()
  local n = 0
  for _, r in ipairs(cjson.decode(text)) do
    for _ in pairs(r) do n = n + 1 end
  end
  return n
end

local rows = {}
for i, r in ipairs(cjson.decode(text)) do
  rows[i] = { externalId = "a-" .. i, name = r.name, status = r.status, phase = r.phase,
    custom = { Tier = "Gold", Seats = i, Region = "EMEA" }, domains = { "a" .. i .. ".example" } }
end

print(median(filter), median(touch), median(function() return cjson.encode(rows) end), median(function() return cjson.encode(cjson.decode(text)) end))
