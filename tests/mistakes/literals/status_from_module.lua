local settings = require "settings"
planhat.company.bulk_upsert{
  { externalId = "a-1", name = "Acme", status = settings.paying },
}
