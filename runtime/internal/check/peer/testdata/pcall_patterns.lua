local ok = pcall(print)
local ok, err = pcall(print)
if not ok then error(err) end
local status, value = xpcall(function() return 1 end, function(e) return e end)
local good, bad = planhat.try(planhat.company.get_by_id, "x")
if good then print(good) end
ok, err = pcall(print)
