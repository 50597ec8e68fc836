local contacts = {}
for row in csv.rows("contacts.csv") do
  local contact = { email = row.email, companyId = planhat.extid(row.account) }
  contact.firstname = row.first_name
  contacts[#contacts + 1] = contact
end
print(planhat.enduser.bulk_upsert(contacts).rejected)
