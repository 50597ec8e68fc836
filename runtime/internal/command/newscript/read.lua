-- Reads a file of rows for the proposal of an import.
local file, format, sheet, skip, encoding, most = unpack(args)

local options = { skip = tonumber(skip) }
local reader = csv
if format == "xlsx" then
  reader = require "xlsx"
  if sheet ~= "" then options.sheet = sheet end
elseif encoding ~= "" then
  options.encoding = encoding
end

local columns = reader.columns(file, options)
local rows, more = {}, false
for row in reader.rows(file, options) do
  if #rows >= tonumber(most) then
    more = true
    break
  end
  local cells = {}
  for i, name in ipairs(columns) do
    local cell = row[name]
    if cell == nil then cell = json.null end
    cells[i] = cell
  end
  rows[#rows + 1] = cells
end
return { columns = columns, rows = rows, more = more }
