local target = "out/companies"
planhat.company.export{ to = target .. ".xlsx", columns = { "_id", "name" } }
