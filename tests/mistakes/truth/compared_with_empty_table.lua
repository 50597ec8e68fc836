local domains = {}
if domains == {} then
  print("no domains yet")
end
