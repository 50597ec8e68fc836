-- The answer to an update has properties that were not sent.
local company = planhat.company.get_list{ limit = 1 }[1]
local answer = planhat.company.update(company._id, { phase = "Renewal" })
print(answer._id, answer.name, answer.phase, answer.externalId)
print(planhat.company.update("extid-" .. company.externalId, { phase = "Live" })._id)
print(planhat.company.get_list{ limit = 1 }[1].phase, planhat.company.get_list{ limit = 1, select = { "name" } }[1].phase)
print(inspect(planhat.company.delete(company._id)), planhat.company.get_list{ limit = 1 }[1]._id ~= company._id)
print(planhat.company.get_list{ limit = 1, offset = 1 }[1]._id)
