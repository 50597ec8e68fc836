local domain = "ACME.example"
domain = domain:lower()
planhat.company.update("extid-company-1", { domains = { domain } })
