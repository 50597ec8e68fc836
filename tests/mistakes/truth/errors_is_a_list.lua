local function import(rows)
  local result = planhat.company.bulk_upsert(rows)
  if result.errors then error("import failed") end
  return result.created
end
print(import{ { externalId = "a-2", name = "Globex" } })
