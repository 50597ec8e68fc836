local count = 0
for _ in planhat.company.each{ select = { "name" } } do
  count = count + 1
end
print(count)
