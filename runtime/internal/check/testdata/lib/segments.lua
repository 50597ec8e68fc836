local M = { sizes = { small = 10, large = 100 }, status = "good" }

local circular = require "circular"

function M.largest(count)
  return planhat.company.get_list{ sort = "-mrr", limit = count }
end

function M.key(row)
  return tostring(row.id)
end

function M.find(name)
  for _, size in ipairs(M.sizes) do
    if size == name then print(size, circular) end
  end
end

return M
