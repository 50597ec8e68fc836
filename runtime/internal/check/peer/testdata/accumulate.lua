local result = {}
local sum, max, min = 0, nil, nil
for _, v in ipairs({ 3, 1, 2 }) do
  sum = sum + v
  if not max or v > max then max = v end
  if not min or v < min then min = v end
end
result.sum = sum
result.max = max
