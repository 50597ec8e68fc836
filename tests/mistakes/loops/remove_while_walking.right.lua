local rows = { { name = "A" }, { name = "B" }, { name = "C", tier = "Gold" } }
for i = #rows, 1, -1 do
  local row = rows[i]
  if not row.tier then table.remove(rows, i) end
end
print(#rows)
