local changes = { custom = {} }
changes.custom["Seats"] = 12
planhat.company.update("extid-company-1", changes)
