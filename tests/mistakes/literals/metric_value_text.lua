planhat.metrics.bulk_insert_metrics{
  { dimensionId = "logins", externalId = "company-1", value = "12 logins", date = "2026-01-15" },
}
