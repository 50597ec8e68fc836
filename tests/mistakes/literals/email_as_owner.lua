planhat.company.bulk_upsert{
  { externalId = "company-1", owner = "kim@csm.example" },
}
