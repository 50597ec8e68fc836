for row, line in csv.rows("accounts.csv") do
  if not row.tier then
    log.warning("no tier", { line = line })
  end
end
