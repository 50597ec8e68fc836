local text = require "text"
local domains = "acme.example,acme-labs.example"
planhat.company.update("extid-company-1", { domains = text.split(domains, ",") })
