local contacts = planhat.enduser.get_list{ limit = 5 }
for _, contact in ipairs(contacts) do
  print(contact.email)
end
