planhat.company.bulk_upsert{
  { externalId = "company-1", custom = { Tier = "Gold" } },
}
