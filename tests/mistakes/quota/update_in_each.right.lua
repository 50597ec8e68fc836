local rows = {}
for company in planhat.company.each{ limit = 10 } do
  rows[#rows + 1] = { _id = company._id, description = "checked" }
end
print(planhat.company.bulk_upsert(rows).rejected)
