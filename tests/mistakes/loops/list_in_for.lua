local contacts = planhat.enduser.get_list{ limit = 5 }
for contact in contacts do
  print(contact.email)
end
