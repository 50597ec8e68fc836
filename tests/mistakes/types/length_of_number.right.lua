local result = planhat.company.bulk_upsert{ { externalId = "a-1", name = "Acme" } }
print(result.created .. " companies are new")
