local changes = { phase = "Live" }
planhat.company.update("extid-company-1", changes)
