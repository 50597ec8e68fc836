local rows = csv.read("accounts.csv")
local total, least = 0, 5
for _, row in ipairs(rows) do
  if row.seats > 100 then print(row.id) end              --> cell-as-number: this raises an error
  if row.id == 7 or row.id == "7" then print(row.id) end --> cell-as-number: never true
  total = total + row.mrr                                --> cell-as-number: raises an error in a row that has 1,500
  local seats = row.seats
  if seats >= least then print(seats) end                --> cell-as-number: 'seats' is text
  if row.since < time.now() then print(row.since) end    --> cell-as-number: cannot be compared
  if tonumber(row.seats) > 100 and row.seats ~= "" then print(row.seats) end
end
print(rows[1].seats < 5, total)                          --> cell-as-number: raises an error
for row in csv.rows("accounts.csv", { separator = ";" }) do
  if row.seats < 3 then print(row.id) end                --> cell-as-number: raises an error
end

-- Columns that are converted, options that are not known, and fields that the script sets are numbers.
local typed = { numbers = { "seats" }, types = { mrr = "money" }, decimal = "." }
for row in csv.rows("accounts.csv", typed) do
  if row.seats < 3 or row.mrr > 5 then print(row.id) end
end
for row in csv.rows("accounts.csv", args) do
  if row.seats < 3 then print(row.id) end
end
for row in csv.rows("accounts.csv") do
  row.score = tonumber(row.score)
  if row.score < 3 then print(row.id) end
end

local company = planhat.company.get_by_id("extid-a")
print(company.externalId == 42)                          --> constant-condition: 'externalId' is text, which never equals 42
print(company.mrr > "100")                               --> constant-condition: 'mrr' is a number
print(company.externalId == "42", company.mrr > 100)

for row in csv.rows("accounts.csv") do
  if row.active == true then print(row.id) end           --> cell-as-number: never equals a boolean
end
print(tonumber("1,200"), tonumber("12"), tonumber("x"))  --> wrong-value: tonumber returns nil for "1,200"
planhat.company.update("extid-a", { owner = "kim@csm.example" }) --> wrong-value: takes the id of a record
planhat.company.update("extid-a", { owner = "65920080b97f4a7a33000001" })
