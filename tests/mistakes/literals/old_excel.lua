local target = "out/companies"
planhat.company.export{ to = target .. ".xls", columns = { "_id", "name" } }
