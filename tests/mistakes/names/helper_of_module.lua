local accounts = require "accounts"
for row in csv.rows("accounts.csv") do
  print(accounts.make_key(row))
end
