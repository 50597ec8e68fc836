-- What the language server says about records. Each line with a finding names it.
planhat.company.create{ phase = "x" } --> missing-fields
planhat.company:create{ phase = "x" } --> missing-fields
planhat.company.create{ name = "x", status = "prospect", custom = { ["Next Review"] = 3 } }
planhat.company.create{ name = "x", status = "nothing" } --> assign-type-mismatch
planhat.company.create{ name = 5 } --> assign-type-mismatch
planhat.company.update("x", { phase = "y" })

planhat.enduser.create{ email = "ada@example.com" }
planhat.enduser.create{ externalId = "x", companyExternalId = "y" }
planhat.enduser.create{ externalId = "x" } --> missing-fields
planhat.license.create{ companyId = "x", fromDate = "2026-01-01" }
planhat.license.create{ companyId = "x" } --> missing-fields

planhat.company.bulk_upsert{ { externalId = "x" }, { _id = "y" } }
planhat.company.bulk_upsert{ { name = "x" } } --> missing-fields
planhat.company.sync({ { name = "x" } }, { missing = "report" }) --> missing-fields
planhat.note.bulk_upsert{ { _id = "x" }, { companyId = "x", type = "note" } }
planhat.note.bulk_upsert{ { description = "x" } } --> missing-fields
planhat.timesheet.create{}
planhat.metrics.bulk_insert_metrics{ { dimensionId = "x", value = 1, companyId = "y" } }
planhat.metrics.bulk_insert_metrics{ { value = 1 } } --> missing-fields

-- What was read can be sent back, but is not a new record.
local company = planhat.company.get_by_id("x")
company.phase = "y"
planhat.company.bulk_upsert{ company }
planhat.company.bulk_upsert(planhat.company.get_list())
planhat.company.bulk_upsert(planhat.company.each{ limit = 3 })
planhat.company.update(company._id, { phase = company.phase })
planhat.company.create(company) --> param-type-mismatch
print(company.mrr, company.nothing) --> undefined-field

-- Rows that a loop makes, and those of a file.
local rows = {}
for one in planhat.company.each() do
  rows[#rows + 1] = { _id = one._id, phase = "x" }
  rows[#rows + 1] = one
end
planhat.company.bulk_upsert(rows)
planhat.company.bulk_upsert(csv.rows("accounts.csv"))
planhat.company.import{ from = "accounts.csv", key = "externalId", columns = { MRR = { property = "custom.MRR", type = "money" } } }
planhat.company.import{ from = "accounts.csv" } --> missing-fields

---@type CompanyNew[]
local new = { { phase = "x" } } --> missing-fields
for _, one in ipairs(new) do planhat.company.create(one) end
