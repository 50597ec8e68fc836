local accounts = require "accounts"
for row in csv.rows("accounts.csv") do
  print(accounts.key(row))
end
