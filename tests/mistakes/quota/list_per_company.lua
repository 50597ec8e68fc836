local tables = require "tables"
for company in planhat.company.each{ limit = 10 } do
  local list = planhat.enduser.get_list{ companyId = company._id }
  print(company.name, #tables.unique(list))
end
