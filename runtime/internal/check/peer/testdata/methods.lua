local Account = {}
Account.__index = Account
function Account.new(name, plan) return setmetatable({ name = name }, Account) end
function Account:rename(name) self.name = name end
function Account:id() return 1 end
function Account:fill(self) return self end
function Account.total(a, b) return a end
local account = Account.new("x", 1)
account:rename("y")
local Other = {}
function Other:x() end
function Other.y(self) end
