local count = 0
for _ in planhat.company.each{ select = { "name" }, page_size = 3 } do
  count = count + 1
end
print(count)
