local day = time.today()
local values = {}
for row in csv.rows("usage.csv", { numbers = { "logins" } }) do
  local logins = row.logins
  local user = row.user
  values[#values + 1] = { dimensionId = "logins", externalId = row.account, value = logins, date = day }
end
local result = planhat.metrics.bulk_insert_metrics(values)
if #result.errors > 0 then for i, e in ipairs(result.errors) do print(e.message) end end
local leftover
