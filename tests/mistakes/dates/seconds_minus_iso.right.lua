for contact in planhat.enduser.each{ limit = 5 } do
  if contact.updatedAt then
    local age = time.diff(time.now(), contact.updatedAt)
    print(contact.email, age)
  end
end
