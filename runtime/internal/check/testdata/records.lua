planhat.company.create{ naem = "Acme", name = "x" } --> unknown-property: did you mean 'name'
planhat.company.create{ name = "Acme", zzzzzz = 1 } --> unknown-property: unknown company property 'zzzzzz'
planhat.company.create{ externalId = "a" } --> missing-property: a new company needs 'name'
planhat.company.create{ name = "Acme", custom = { anything = 1 }, status = "propsect" } --> wrong-value: must be one of
planhat.company.create{ name = "Acme", mrr = 5 } --> read-only-property: 'mrr' of a company is read-only
planhat.company.create{ name = 5, owner = {} } --> wrong-value: 'owner' of a company
planhat.enduser.create{ companyId = "extid-x", firstName = "Ada" } --> missing-property: needs one of 'email'
planhat.company.update("extid-x", { phsae = "Lost", phase = json.null }) --> unknown-property: did you mean 'phase'
local rows = {}
for row in csv.rows("accounts.csv") do
  rows[#rows + 1] = { externalId = row.id, nmae = row.name } --> unknown-property: did you mean 'name'
  table.insert(rows, { externalId = row.id, ownr = row.owner }) --> unknown-property: did you mean 'owner'
  local record = { externalId = row.id, name = row.name }
  record.phsae = row.phase           --> unknown-property: did you mean 'phase'
  rows[#rows + 1] = record
end
local result = planhat.company.bulk_upsert(rows)
print(result.rejcted, #result.errors) --> unknown-property: did you mean 'rejected'
planhat.company.bulk_upsert{ { name = "Acme" } } --> row-without-key: creates a new company
planhat.company.bulk_upsert{ name = "Acme", externalId = "x" } --> wrong-arguments: a single record, not a list
planhat.license.bulk_upsert{ { value = 5, companyId = "extid-x" } } --> row-without-key: a new license
planhat.user_activity.create_activity{ email = "a@b.example", event = "login", userId = "x" }
planhat.metrics.bulk_insert_metrics{ { dimensionId = "d", companyId = "extid-1", value = 1, time = "2024-01-01" } }
for _, e in ipairs(result.errors) do print(e.mesage, e.message) end --> unknown-property: did you mean 'message'
for c in planhat.company.each{ select = { "name", "onwer" }, sort = "-mr r" } do --> unknown-property: did you mean 'owner' --> unknown-property: 'mr r'
  print(c.nmae, c.name, c.own_field) --> unknown-property: did you mean 'name'
end
local one = planhat.company.get_by_id("extid-x")
print(one.extrenalId)                --> unknown-property: did you mean 'externalId'
for _, c in ipairs(planhat.company.get_list()) do print(c.pahse) end --> unknown-property: did you mean 'phase'
local first = planhat.company.get_list()[1]
print(first.healht)
local key = "x"
planhat.company.create{ [key] = 1 }
planhat.ticket.bulk_upsert{ { sourceId = "t", email = "a@b.example", domains = "b.example" } } --> wrong-value: 'domains' of a ticket must be a list
gathered = {}                        --> global-set: 'gathered' is a global
gathered[#gathered + 1] = { externalId = "x", nmae = "Acme" } --> unknown-property: did you mean 'name' --> global-set: is a global --> global-set: is a global
local made = planhat.company.bulkUpsert(gathered) --> unknown-function: did you mean 'bulk_upsert' --> global-set: is a global
print(made.rejcted)                  --> unknown-property: did you mean 'rejected'
planhat.task.create{ companyId = "A-1", mainType = "task" } --> wrong-value: not "A-1"
planhat.task.create{ companyId = "srcid-1", mainType = "task" }
planhat.task.create{ companyID = "extid-x", mainType = "task" } --> unknown-property: did you mean 'companyId'
planhat.license.bulk_upsert{ { companyId = "extid-x" } } --> missing-property: a new license needs 'value'
planhat.license.bulk_upsert{ { externalId = "l", companyId = "extid-x" } } --> missing-property: a new license needs 'value', so this row is rejected unless
planhat.license.bulk_upsert{ { externalId = "l", companyId = "extid-x", mrr = 1 }, { externalId = "l", custom = { a = 1 } }, { _id = "5f3b1c2d4e5f6a7b8c9d0e1f", companyId = "extid-x" } }
planhat.license.create{ companyId = "extid-x", fromDate = "2026-01-31" }
planhat.enduser.create{ email = "ada@x.example" }
planhat.enduser.create{ externalId = "ada" } --> missing-property: a new enduser needs 'companyId'
planhat.conversation.create{ companyExternalId = "x", subject = "Hello" }
for c in planhat.company.each() do
  print(c.owner.name, c.owner.nickName, c.owner:upper()) --> unknown-property: 'owner' is an id, so it has no field 'name'
  for t in planhat.task.each{ companyId = c._id } do print(t.companyId.name, t.ownerId.email) end --> unknown-property: 'companyId' is an id --> unknown-property: 'ownerId' is an id --> call-in-loop: reads a list for one companyId
end
