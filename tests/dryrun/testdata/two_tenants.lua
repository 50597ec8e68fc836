-- Each tenant has its own planned records.
local other = planhat.new{ api_token = "other-token", api_url = args[1] }
local here = planhat.company.create{ name = "Here", externalId = "same" }
local there = other.company.create{ name = "There", externalId = "same" }
print(planhat.company.get_by_id("extid-same").name, other.company.get_by_id("extid-same").name)
other.company.delete(there._id)
print(#planhat.company.get_list(), #other.company.get_list(), here.name)
