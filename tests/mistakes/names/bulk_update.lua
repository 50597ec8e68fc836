local rows = {
  { externalId = "company-1", phase = "Live" },
  { externalId = "company-2", phase = "Live" },
}
local result = planhat.company.bulk_update(rows)
print(result.updated)
