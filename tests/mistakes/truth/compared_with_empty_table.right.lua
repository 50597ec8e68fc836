local domains = {}
if #domains == 0 then
  print("no domains yet")
end
