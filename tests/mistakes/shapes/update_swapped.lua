local changes = { phase = "Live" }
planhat.company.update(changes, "extid-company-1")
