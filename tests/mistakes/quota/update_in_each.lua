for company in planhat.company.each{ limit = 10 } do
  planhat.company.update(company._id, { description = "checked" })
end
