planhat.company.update("extid-company-1", { phase = nil, description = "closed" })
