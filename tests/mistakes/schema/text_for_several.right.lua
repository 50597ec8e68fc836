planhat.company.update("extid-company-2", { custom = { Products = { "Core", "Reports" } } })
