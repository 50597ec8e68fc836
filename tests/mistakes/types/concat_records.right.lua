local owners = planhat.user.get_list{ limit = 3 }
local tables = require "tables"
print(table.concat(tables.map(owners, function(user) return user.email end), ", "))
