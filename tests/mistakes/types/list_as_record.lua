local found = planhat.enduser.get_list{ email = "keiko.1-1@blabar-1.example", limit = 1 }
print("contact: " .. tostring(found.firstName))
