-- Copies of records, and new ones that a loop over their list must not see.
local before = planhat.time_entry.get_list()
local result = planhat.time_entry.duplicate{ before[1]._id, before[2]._id }
print(result.created, result.rejected, #planhat.time_entry.get_list() - #before)
local n = 0
for company in planhat.company.each() do
  n = n + 1
  planhat.company.create{ name = "Copy of " .. company.name }
  assert(n < 1000)
end
print(n, #planhat.company.get_list())
