local contacts = planhat.enduser.get_list{ limit = 10 }
print("contacts: " .. tostring(#contacts))
