-- What Planhat refuses.
local function attempt(what, f, ...)
  local ok, problem = pcall(f, ...)
  print(what, ok, not ok and problem.kind or "", not ok and problem.status or "")
end
attempt("update of nothing", planhat.company.update, "extid-nothing", { name = "x" })
attempt("delete of nothing", planhat.company.delete, "aaaaaaaaaaaaaaaaaaaaaaaa")
attempt("read of nothing", planhat.company.get_by_id, "extid-nothing")
attempt("create without a name", planhat.company.create, { externalId = "nameless" })
attempt("unknown company", planhat.task.create, { mainType = "task", action = "Call", companyId = "extid-nothing" })
attempt("emptied", planhat.company.update, "extid-company-1", { name = "" })
local company = planhat.company.get_by_id("extid-company-1")
local result = planhat.license.bulk_upsert{
  { externalId = "l-1", companyId = planhat.extid("nothing"), value = 1, _currency = "USD" },
  { externalId = "l-2", companyId = company._id, value = 2, _currency = "USD" },
  { externalId = "l-3", companyId = company._id },
}
print(result.created, result.updated, result.rejected, table.concat(result.outcomes, " "), result.errors[1].index, result.errors[2].index)
print(planhat.metrics.bulk_insert_metrics{ { dimensionId = "d", externalId = "nothing", value = 1 }, { dimensionId = "d", externalId = "company-1", value = 1 } }.rejected)
