planhat.enduser.bulk_upsert{
  { email = "ada@acme.example", companyId = "extid-company-1", featured = true },
}
