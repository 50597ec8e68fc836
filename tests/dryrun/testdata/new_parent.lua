-- Children of a company that the same run creates.
local company = planhat.company.create{ externalId = "north", name = "North" }
local person = planhat.enduser.create{ companyId = company._id, email = "kim@north.example" }
print(company._id, company.name, person.companyId == company._id)
print(planhat.company.get_by_id(company._id).name, planhat.company.get_by_id("extid-north")._id)
print(#planhat.enduser.get_list{ companyId = company._id }, #planhat.enduser.get_list{ companyId = company._id, email = "kim@north.example" })
planhat.company.update(company._id, { phase = "Live", custom = { Tier = "gold" } })
planhat.company.update("extid-north", { custom = { Region = "EU" } })
local now = planhat.company.get_by_id(company._id)
print(now.phase, now.custom.Tier, now.custom.Region)
planhat.enduser.delete(person._id)
print(#planhat.enduser.get_list{ companyId = company._id }, pcall(planhat.enduser.get_by_id, person._id))
