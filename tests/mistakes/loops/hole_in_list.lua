local backup = nil
local recipients = { "kim@csm.example", backup, "lee@csm.example" }
for _, address in ipairs(recipients) do
  print(address)
end
