local company, err = planhat.try(planhat.company.get_by_id, "extid-crm-77")
if not company and planhat.is_error(err) and err.kind == "not_found" then
  planhat.company.create{ externalId = "crm-77", name = "Hooli" }
end
