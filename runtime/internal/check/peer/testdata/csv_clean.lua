local function clean(value)
  if value == nil then return nil end
  value = value:gsub("^%s+", ""):gsub("%s+$", "")
  if value == "" then return nil end
  return value
end
local columns = { "id", "name", "tier" }
local out = {}
for row, line in csv.rows(args[1]) do
  local record = {}
  for i, column in ipairs(columns) do
    local value, changed = clean(row[column])
    record[column] = value
  end
  out[#out + 1] = record
end
csv.write("out/clean.csv", out, { columns = columns })
