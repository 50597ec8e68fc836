local rows = { { name = "A" }, { name = "B" }, { name = "C", tier = "Gold" } }
for i, row in ipairs(rows) do
  if not row.tier then table.remove(rows, i) end
end
print(#rows)
