-- Reports how many companies each status has, with their recurring revenue. It only
-- reads, and writes out/{{base}}.csv, which opens in any spreadsheet.
--
--   phscript run {{script}}

local by_status, rows = {}, {}
for company in planhat.company.each{ select = { "status", "mrr" } } do
  local status = company.status or "none"
  local row = by_status[status]
  if not row then
    row = { status = status, companies = 0, mrr = 0 }
    by_status[status], rows[#rows + 1] = row, row
  end
  row.companies = row.companies + 1
  row.mrr = row.mrr + (company.mrr or 0)
end
table.sort(rows, function(a, b) return a.status < b.status end)

for _, row in ipairs(rows) do
  print(("%-12s %5d companies  MRR %.0f"):format(row.status, row.companies, row.mrr))
end
csv.write("out/{{base}}.csv", rows, { columns = { "status", "companies", "mrr" } })
