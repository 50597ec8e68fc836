for contact in planhat.enduser.each{ limit = 20 } do
  if (contact.email or ""):find("example") ~= nil then print(contact.email) end
end
