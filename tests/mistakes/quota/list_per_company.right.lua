local tables = require "tables"
local contacts = tables.group_by(planhat.enduser.get_list{ select = { "companyId" } }, "companyId")
for company in planhat.company.each{ limit = 10 } do
  local list = contacts[company._id] or {}
  print(company.name, #tables.unique(list))
end
