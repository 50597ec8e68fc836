local n, owned = 0, 0
for company in planhat.company.each() do
  n = n + 1
  if company.status == "customer" and company.phase then owned = owned + 1 end
end
print(n, owned)
io.stdout:flush()
io.read()
