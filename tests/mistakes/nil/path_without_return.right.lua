local function segment(mrr)
  if mrr >= 5000 then return "Enterprise" end
  if mrr >= 1000 then return "Mid-market" end
  return "Small"
end
print("segment: " .. segment(300))
