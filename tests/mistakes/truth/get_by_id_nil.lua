local company = planhat.company.get_by_id("extid-crm-77")
if company == nil then
  planhat.company.create{ externalId = "crm-77", name = "Hooli" }
end
