for contact in planhat.enduser.each{ limit = 50 } do
  print(contact.email .. ": " .. contact.phone)
end
