local emails = {}
for contact in planhat.enduser.each{ limit = 20 } do
  if contact.email then table.insert(emails, contact.email) end
end
print(#emails)
