-- Reads a file of rows for the proposal of an import.
local file, format, sheet, skip, encoding, most, widest, cells = unpack(args)

local options = { skip = tonumber(skip) }
local reader = csv
if format == "xlsx" then
  reader = require "xlsx"
  if sheet ~= "" then options.sheet = sheet end
  options.on_error = "collect" -- as an import does
elseif encoding ~= "" then
  options.encoding = encoding
end

local named, columns = pcall(reader.columns, file, options)
if not named then
  options.repeated = "rename"
  columns = reader.columns(file, options)
end
if #columns > tonumber(widest) then return { wide = #columns } end
most = math.min(tonumber(most), math.floor(tonumber(cells) / math.max(1, #columns)))
local rows, lines, more = {}, {}, false
local each, problems = reader.rows(file, options)
for row, line in each do
  if #rows >= most then
    more = true
    break
  end
  local values = {}
  for i, name in ipairs(columns) do
    local cell = row[name]
    if cell == nil then cell = json.null end
    values[i] = cell
  end
  rows[#rows + 1] = values
  if #lines < 20 then lines[#lines + 1] = line end
end
local out = { columns = columns, rows = rows, lines = lines, more = more, repeated = not named, wrong = 0 }
if problems and #problems > 0 then
  local seen = {}
  for _, problem in ipairs(problems) do
    if not seen[problem.line] then
      seen[problem.line], out.wrong = true, out.wrong + 1
    end
  end
  out.problem = problems[1].message
end
if format == "xlsx" and sheet == "" then out.sheets = reader.sheets(file) end
return out
