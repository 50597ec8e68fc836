local values = {}
for row in csv.rows("usage.csv") do
  values[#values + 1] = { dimensionId = "logins", externalId = row.account, value = tonumber(row.logins), date = row.day }
end
print(planhat.metrics.bulk_insert_metrics(values).rejected)
