for row, line in csv.rows("accounts.csv") do
  if not row.tier then
    log.warn("no tier", { line = line })
  end
end
