for row in csv.rows(args[1]) do
  if not row.name then run.reject(row, "no name") end
end
