planhat.company.update("extid-company-1", { phase = json.null, description = "paused" })
