local backup = nil
local recipients = { "kim@csm.example", "lee@csm.example" }
if backup then recipients[3] = backup end
for _, address in ipairs(recipients) do
  print(address)
end
