local addresses = { "ada@acme.example", "unknown" }
for _, address in ipairs(addresses) do
  print(address:match("@(.+)$"):lower())
end
