-- report: says what a script did, in the same words everywhere.
--
--   local report = require "lib.report"

local csv = require "csv"

local report = {}

-- count(12345) --> "12,345"
function report.count(n)
  local text = ("%.0f"):format(n)
  local changed
  repeat
    text, changed = text:gsub("^(-?%d+)(%d%d%d)", "%1,%2")
  until changed == 0
  return text
end

-- some(1, "line") --> "1 line", some(2, "company", "companies") --> "2 companies"
function report.some(n, one, many)
  return report.count(n) .. " " .. (n == 1 and one or many or one .. "s")
end

-- bulk("Licenses", result) prints what happened to the rows of a bulk call, and
-- the first three of those that Planhat did not take.
function report.bulk(title, result)
  if result.planned > 0 then
    print(("%s: %s would be sent"):format(title, report.some(result.planned, "row")))
    return
  end
  print(("%s: %s created, %s updated, %s unchanged, %s rejected"):format(title,
    report.count(result.created), report.count(result.updated),
    report.count(result.unchanged), report.count(result.rejected)))
  for i, e in ipairs(result.errors) do
    if i > 3 then
      print(("  ... and %s more"):format(report.count(#result.errors - 3)))
      break
    end
    print(("  row %s (%s): %s"):format(e.index or "?", e.key or "no key", e.message))
  end
end

-- first(list, n, show) prints n items of a list by show(item), and how many
-- more there are.
function report.first(list, n, show)
  for i = 1, math.min(n, #list) do print("  " .. show(list[i])) end
  if #list > n then print(("  ... and %s more"):format(report.count(#list - n))) end
end

-- save("weekly.csv", rows, columns) writes out/weekly.csv. Scripts may always
-- write to the folder out; other places need --allow-write=DIR.
function report.save(name, rows, columns)
  local file = "out/" .. name
  csv.write(file, rows, { columns = columns })
  print(("%s written to %s"):format(report.some(#rows, "line"), file))
end

return report
