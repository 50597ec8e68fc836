for row in csv.rows("usage.csv") do
  planhat.metrics.bulk_insert_metrics{ { dimensionId = "logins", externalId = row.account, value = tonumber(row.logins), date = row.day } }
end
