local tier = "Platinum"
planhat.company.update("extid-company-1", { custom = { Tier = tier } })
