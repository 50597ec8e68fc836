-- Dates in other forms, compared and calculated with.
for c in planhat.company.each() do
  if c.renewalDate and c.renewalDate < "31/12/2026" then print(c.name) end --> date: "31/12/2026" is compared character by character
  if c.renewalDate == "2026/12/31" then print(c.name) end --> date: compared character by character
  if c.renewalDate < "2027" or c.renewalDate > "2026-12" or c.renewalDate == "" then print(c.name) end
  if c.renewalDate < time.today() or c.renewalDate < "2026-12-31T00:00:00Z" then print(c.name) end
  if c.renewalDate < time.now() then print(c.name) end --> date: 'c.renewalDate' is a string such as
  print(c.renewalDate - time.today()) --> date: '-' needs numbers
  local renewal = c.renewalDate
  print(renewal - 30, time.diff(renewal, time.today(), "days") - 30) --> date: '-' needs numbers
end
local due = time.today() + 30          --> date: '+' needs numbers
local today = time.today()
print(due, today - 7, time.add(today, "7d"), time.now() - 86400) --> date: '-' needs numbers
if today > "31.12.2026" then print(today) end --> date: character by character
planhat.license.bulk_upsert{ { externalId = "l", companyId = "extid-a", value = 1, _currency = "USD", fromDate = "01/01/2026", toDate = "2026-12-31" } } --> date: 'fromDate' takes a date
planhat.metrics.bulk_insert_metrics{ { dimensionId = "d", externalId = "a", model = "Company", value = 1, date = "31/03/2026" } } --> date: 'date' takes a date
for task in planhat.task.each() do
  task.dateDone = time.parse(task.dateDone)
  if task.dateDone < time.now() then print(task.dateDone - 5) end
end
print(#planhat.metrics.get_dimension_data{ from = "01/01/2026", to = "2026-12-31" }) --> date: the option 'from' takes a date
planhat.license.update("extid-l", { fromDate = "9.5.2026", toDate = "31.2.2026", custom = {} }) --> date: not "9.5.2026" --> date: not "31.2.2026"
planhat.license.update("extid-l", { fromDate = "2026-05-09", toDate = "30.9.2026" }) --> date: not "30.9.2026"
