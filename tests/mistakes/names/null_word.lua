planhat.company.update("extid-company-1", { phase = null, description = "paused" })
