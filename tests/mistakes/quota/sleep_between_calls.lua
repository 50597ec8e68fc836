local batches = { { { externalId = "company-1", phase = "Live" } }, { { externalId = "company-2", phase = "Live" } } }
for _, batch in ipairs(batches) do
  print(planhat.company.bulk_upsert(batch).rejected)
  time.sleep(0.5)
end
