planhat.company.bulk_upsert{ { externalId = "a-1", name = "Acme" } }
