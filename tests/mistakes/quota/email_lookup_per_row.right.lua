local tables = require "tables"
local by_email = tables.index_by(planhat.enduser.get_list{ select = { "email" } }, "email")
for row in csv.rows("contacts.csv") do
  print(row.email, by_email[row.email] ~= nil)
end
