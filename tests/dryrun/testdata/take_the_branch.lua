-- A create that fails because its key is taken, and what the script then does.
local ok, problem = pcall(planhat.company.create, { name = "Again", externalId = "company-2" })
print("created", ok, not ok and problem.kind, not ok and problem.status)
if not ok then print(planhat.company.update("extid-company-2", { name = "Again" }).name) end
planhat.company.create{ name = "South", externalId = "south" }
print("twice", (pcall(planhat.company.create, { name = "South", externalId = "south" })))
planhat.company.delete(planhat.company.get_by_id("extid-south")._id)
print("after its deletion", (pcall(planhat.company.create, { name = "South", externalId = "south" })))
