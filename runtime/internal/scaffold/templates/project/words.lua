--- Texts for people. Scripts use it with require "lib.words".

local words = {}

--- Counts things: words.count(1, "company", "companies") returns "1 company".
---@param n integer
---@param one string
---@param many string
---@return string
function words.count(n, one, many)
  return ("%d %s"):format(n, n == 1 and one or many)
end

return words
