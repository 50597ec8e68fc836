local salesforce = 1234567890123451
print(planhat.extid(salesforce .. ""))
