local rows = {}
for company in planhat.company.each{ limit = 10 } do
  rows[#rows + 1] = { _id = company._id, description = "checked" }
end
planhat.company.bulk_upsert(rows)
