for contact in planhat.enduser.each{ limit = 20 } do
  if (contact.email or ""):find("example") == true then print(contact.email) end
end
