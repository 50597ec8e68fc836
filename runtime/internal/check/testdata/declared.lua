-- @param path:file "CSV to import"
-- @param days:integer "Not read" --> unread-parameter: the script does not read the parameter 'days'
-- @param region:choice(eu, us)
-- @writes company

print(params.path, params["region"])
planhat.company.create{ name = "Acme" }
planhat.company.update("extid-1", { name = "Acme" })
planhat.enduser.create{ email = "a@x.example", companyId = "extid-1" } --> undeclared-write: the script writes to enduser, which @writes in line 4 does not name
planhat.license.import{ from = params.path, columns = { value = "value" } } --> undeclared-write: writes to license
pcall(planhat.note.delete, "65920080b97f4a7a33000001") --> undeclared-write: writes to note
print(#planhat.enduser.get_list())
planhat.request{ method = "GET", path = "/users" }
planhat.request{ method = "post", path = "/users" } --> undeclared-write: writes to planhat.request
local target = planhat.asset.sync_target{ key = "externalId", fields = { "name" } }
print(target)
