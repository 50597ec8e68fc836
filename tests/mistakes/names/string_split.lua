local domains = "acme.example,acme-labs.example"
planhat.company.update("extid-company-1", { domains = string.split(domains, ",") })
