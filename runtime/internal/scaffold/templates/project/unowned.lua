-- Lists the customers without an owner in out/unowned.csv. It only reads.
--
--   phscript run --simulate --companies 20 unowned.lua

local words = require "lib.words"

local rows = {}
for company in planhat.company.each{ select = { "name", "externalId", "status", "owner" } } do
  if company.status == "customer" and not company.owner then
    rows[#rows + 1] = { name = company.name, externalId = company.externalId }
  end
end

csv.write("out/unowned.csv", rows, { columns = { "name", "externalId" } })
print(words.count(#rows, "customer has", "customers have") .. " no owner; see out/unowned.csv")
