local function retry(times, fn, ...)
  local result, err
  for attempt = 1, times do
    local ok
    ok, result = pcall(fn, ...)
    if ok then return result end
    err = result
    log.warn("attempt failed", { attempt = attempt, error = tostring(err) })
  end
  return nil, err
end
local companies, problem = retry(3, planhat.company.get_list, { limit = 5 })
print(#companies)
