local function days_between(from, to)
  local seconds = time.diff(to, from)
  local days = seconds / 86400
  days = math.floor(days)
  return days
end
local quarter_start = function(t) local parts = time.parts(t) local month = parts.month return parts end
print(days_between("2024-01-01", "2024-02-01"))
