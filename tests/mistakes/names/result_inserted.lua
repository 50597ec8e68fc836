local result = planhat.company.bulk_upsert{ { externalId = "crm-1", name = "Umbrella" } }
print("new companies:", result.inserted)
